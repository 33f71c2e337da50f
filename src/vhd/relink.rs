//! Naming another parent the way `vhd-util modify -p` does: every text where it is, no slot more or less.
//!
//! [`Image::set_parent`] is for images that come from elsewhere and drops what could mislead; this is for those who
//! manage a repository with blktap's tools and expect its bytes.

use zerocopy::IntoBytes;

use super::create::{ParentLink, link_header, locator_text_to};
use super::error::Error;
use super::finding::{Finding, Part, Rule};
use super::footer::DiskType;
use super::image::Image;
use super::locator::PlatformCode;
use super::storage::Storage;

impl<S: Storage> Image<S> {
    /// Names the file at `path` as parent: `./base.vhd`, `../a/base.vhd`, relative to the image's own directory. A null
    /// uuid in `parent` says that it is a raw file.
    ///
    /// All texts are known to fit before the first is written, and the header that goes with them is written last.
    ///
    /// # Errors
    /// The image is not differencing; a text does not fit the room that its slot has, or reaches beyond the file; or
    /// writing failed.
    pub fn rewrite_parent(&mut self, parent: &ParentLink, path: &str) -> Result<(), Error> {
        let len = self.storage.len().map_err(Error::io("finding the file's length", 0))?;
        let kind = self.kind;
        let Some(sparse) = self.sparse.as_mut().filter(|_| kind == DiskType::Differencing) else {
            return Err(Finding::new(Part::Footer, Rule::ChainType, 60, "a differencing image", kind).into());
        };
        let mut header = sparse.header.clone();
        link_header(&mut header, parent)?;
        let mut texts = Vec::new();
        for (slot, locator) in (0u8..).zip(&mut header.locators) {
            let Some(platform) = PlatformCode::of(locator.code.get()).filter(|p| p.is_read()) else {
                continue;
            };
            let (offset, room) = (locator.data_offset.get(), locator.space());
            let text = locator_text_to(platform, path)?;
            let needed = text.padded.len() as u64;
            let inside = offset.checked_add(room).is_some_and(|end| end <= len);
            if needed > room || !inside {
                let expected = format!("room for {needed} bytes inside the file");
                let rule = if inside { Rule::LocatorRoom } else { Rule::LocatorPlace };
                return Err(Finding::new(Part::Locator(slot), rule, offset, expected, room).into());
            }
            locator.data_length = text.locator(platform, offset).data_length;
            locator.reserved = 0.into();
            // Sectors, as the specification has it, become bytes, as everybody has it.
            locator.data_space = u32::try_from(room).unwrap_or(u32::MAX).into();
            texts.push((offset, text.padded));
        }
        for (offset, text) in texts {
            self.storage.write_at(&text, offset).map_err(Error::io("writing a parent locator", offset))?;
        }
        header.seal();
        let at = sparse.header_offset;
        self.storage.write_at(header.as_bytes(), at).map_err(Error::io("writing the header", at))?;
        sparse.header = header;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{Creation, Memory, VhdTime};
    use super::*;

    fn link(name: &str) -> ParentLink {
        ParentLink { file_name: name.into(), uuid: Uuid::from_u128(5), modified: VhdTime(9) }
    }

    fn child(storage: &Memory) -> Image<&Memory> {
        let parent = link("base.vhd");
        let parent = Some((&parent, "./base.vhd"));
        let wanted = Creation { size: 4 << 20, room: 0, uuid: Uuid::from_u128(6), now: VhdTime(0), parent };
        wanted.create(storage).unwrap()
    }

    #[test]
    fn every_text_names_the_new_parent() {
        let storage = Memory::default();
        child(&storage).rewrite_parent(&link("other.vhd"), "../b/other.vhd").unwrap();
        let image = Image::open(&storage).unwrap();
        let paths: Vec<_> = image.locators().unwrap().into_iter().map(|l| l.path.unwrap()).collect();
        assert_eq!(paths, ["../b/other.vhd", "./../b/other.vhd", "./../b/other.vhd"]);
        assert_eq!(super::super::parent_name(image.header().unwrap()).unwrap(), "other.vhd");
    }

    #[test]
    fn a_text_that_does_not_fit_leaves_all_as_it_is() {
        let storage = Memory::default();
        let mut image = child(&storage);
        let before = storage.clone().into_bytes();
        let name = "x".repeat(256);
        let error = image.rewrite_parent(&link(&name), &format!("./{name}")).unwrap_err();
        assert!(matches!(error, Error::Invalid(f) if f.rule == Rule::LocatorRoom));
        assert!(before == storage.into_bytes());
    }
}
