//! Changing what an image says of itself: its parent, its hidden flag, its geometry.

use zerocopy::IntoBytes;

use super::create::{PLATFORMS, ParentLink, link_header, locator_text, null_parent};
use super::error::Error;
use super::field::Field;
use super::finding::{Finding, Part, Rule};
use super::footer::DiskType;
use super::format::ParentLocator;
use super::image::Image;
use super::locator::PlatformCode;
use super::storage::Storage;
use super::units::{SECTOR_SIZE, padded};

impl<S: Storage> Image<S> {
    /// Names `parent` as this image's parent, in every place that anybody reads: name, uuid, timestamp, and the text of
    /// every locator. Locators that blktap does not read, and those whose place is not theirs alone, are dropped, so
    /// that no old path survives.
    ///
    /// The texts are written before the header that points to them, and nothing is written unless all of it fits.
    ///
    /// # Errors
    /// The image is not differencing; the name does not fit; no locator is left that could hold it, and there is no
    /// room for a new one in front of the blocks; or writing failed.
    pub fn set_parent(&mut self, parent: &ParentLink) -> Result<(), Error> {
        if self.kind != DiskType::Differencing {
            let found = self.kind;
            return Err(self.finding(Field::DiskType, Rule::ChainType, "a differencing image", found).into());
        }
        if parent.uuid.is_nil() {
            return Err(null_parent());
        }
        let slots = self.usable_slots()?;
        let slots = if slots.is_empty() { self.fresh_slots(&parent.file_name)? } else { slots };
        let Some(sparse) = &mut self.sparse else { return Ok(()) };
        let mut header = sparse.header.clone();
        link_header(&mut header, parent)?;
        header.locators = [ParentLocator::default(); 8];
        let mut texts = Vec::new();
        for (slot, platform, offset, room) in slots {
            let text = locator_text(platform, &parent.file_name)?;
            if text.padded.len() as u64 > room {
                let needed = format!("room for {} bytes", text.padded.len());
                return Err(
                    Finding::new(Part::Locator(slot), Rule::LocatorPlace, offset, needed, room).into()
                );
            }
            header.locators[usize::from(slot)] = text.locator(platform, offset);
            texts.push((text.padded, offset));
        }
        for (text, offset) in texts {
            let written = self.storage.write_at(&text, offset);
            written.map_err(Error::io("writing a parent locator", offset))?;
        }
        header.seal();
        sparse.header = header;
        let offset = sparse.header_offset;
        let written = self.storage.write_at(sparse.header.as_bytes(), offset);
        written.map_err(Error::io("writing the header", offset))
    }

    /// Sets or clears the hidden flag, in the footer and in its copy.
    ///
    /// # Errors
    /// The file is shorter than its BAT claims, or writing failed.
    pub fn set_hidden(&mut self, hidden: bool) -> Result<(), Error> {
        self.footer.hidden = u8::from(hidden);
        self.write_footers()
    }

    /// Replaces a geometry that is larger than the disk by the one that belongs to its size; says whether it had to.
    ///
    /// qemu writes such a geometry with `force_size`; blktap's check refuses it, and with it every coalesce.
    ///
    /// # Errors
    /// As [`Self::set_hidden`].
    pub fn normalise_geometry(&mut self) -> Result<bool, Error> {
        let before = self.footer.geometry;
        let fitting = super::geometry::Geometry::of_size(self.virtual_size());
        if super::geometry::Geometry::from(before).as_u32() <= fitting.as_u32() {
            return Ok(false);
        }
        self.footer.fit_geometry();
        self.write_footers().map(|()| true)
    }

    /// Where the first block lies: what is in front of it is metadata.
    fn first_block(&self) -> Result<u64, Error> {
        let mut first = self.storage.len().map_err(Error::io("finding the file's length", 0))?;
        first = first.saturating_sub(SECTOR_SIZE);
        if let Some(sparse) = &self.sparse {
            sparse.bat.for_each(&self.storage, |_, place| {
                first = first.min(place.offset());
                Ok(())
            })?;
        }
        Ok(first)
    }

    /// The slots whose text lies between the fixed metadata and the blocks, with a place of its own: slot, platform,
    /// byte offset, room.
    fn usable_slots(&self) -> Result<Vec<(u8, PlatformCode, u64, u64)>, Error> {
        let (start, end) = (self.fixed_metadata_end(), self.first_block()?);
        let mut usable: Vec<(u8, PlatformCode, u64, u64)> = Vec::new();
        let slots = self.header().map(|h| h.locators).unwrap_or_default();
        for (slot, locator) in (0u8..).zip(&slots) {
            let Some(platform) = PlatformCode::of(locator.code.get()).filter(|p| p.is_read()) else {
                continue;
            };
            let (offset, room) = (locator.data_offset.get(), locator.space());
            let inside = offset >= start && offset.checked_add(room).is_some_and(|e| e <= end);
            if !inside || room == 0 || !offset.is_multiple_of(SECTOR_SIZE) {
                continue;
            }
            let apart = usable.iter().all(|(_, other, at, len)| {
                *other != platform && (offset + room <= *at || at + len <= offset)
            });
            if apart {
                usable.push((slot, platform, offset, room));
            }
        }
        Ok(usable)
    }

    /// Three new slots in the gap between the metadata and the first block.
    fn fresh_slots(&self, file_name: &str) -> Result<Vec<(u8, PlatformCode, u64, u64)>, Error> {
        let end = self.first_block()?;
        let mut offset = padded(self.fixed_metadata_end());
        let mut slots = Vec::new();
        for (slot, platform) in (0u8..).zip(PLATFORMS) {
            let room = locator_text(platform, file_name)?.padded.len() as u64;
            slots.push((slot, platform, offset, room));
            offset = offset.saturating_add(room);
        }
        if offset > end {
            let expected = format!("room for three parent locators before the first block at {end}");
            let found = format!("none behind byte {}", self.fixed_metadata_end());
            return Err(self.finding(Field::Locators, Rule::NoLocator, expected, found).into());
        }
        Ok(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vhd::{Memory, Scope, VhdTime, check, create_differencing, parent_name};

    const NOW: VhdTime = VhdTime(700_000_000);

    fn parent(file_name: &str) -> ParentLink {
        ParentLink { file_name: file_name.into(), uuid: uuid::Uuid::from_u128(1), modified: NOW }
    }

    #[test]
    fn a_name_that_does_not_fit_changes_nothing() {
        let uuid = uuid::Uuid::from_u128(2);
        // Room for the 8-bit locator, too much for those in UTF-16; and too much for the header.
        for long in ["n".repeat(255), "n".repeat(257)] {
            let storage = Memory::default();
            let image = create_differencing(&storage, 1 << 21, uuid, NOW, &parent("a.vhd"));
            assert!(image.unwrap().set_parent(&parent(&long)).is_err());
            assert_eq!(check(&storage, Scope::Repository, NOW).unwrap().findings.list, []);
            let image = Image::open(&storage).unwrap();
            assert_eq!(parent_name(image.header().unwrap()).unwrap(), "a.vhd");
        }
    }

    #[test]
    fn a_locator_at_the_end_of_all_numbers_is_dropped() {
        let storage = Memory::default();
        let uuid = uuid::Uuid::from_u128(2);
        let mut image = create_differencing(&storage, 1 << 21, uuid, NOW, &parent("a.vhd")).unwrap();
        let sparse = image.sparse.as_mut().unwrap();
        sparse.header.locators[1].data_offset = (u64::MAX - 511).into();
        image.set_parent(&parent("b.vhd")).unwrap();
        assert_eq!(image.locators().unwrap().len(), 2);
        assert!(image.metadata(false).is_ok());
        image.sparse.as_mut().unwrap().header.locators[0].data_offset = u64::MAX.into();
        assert!(image.metadata(false).is_err());
    }
}
