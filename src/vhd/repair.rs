//! Mending what can be mended without losing anything: one of the two footers, from the other.

use uuid::Uuid;

use super::error::Error;
use super::finding::{Finding, Part, Rule};
use super::footer::{self, FOOTER_SIZE, FooterSource};
use super::image::Image;
use super::storage::Storage;

/// How to mend the footers of an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repair {
    /// Believe the copy at offset 0, whatever the footer at the end says.
    pub by_copy: bool,
    /// The uuid for an image whose own is null; `None` leaves it null.
    pub fresh_uuid: Option<Uuid>,
}

impl Repair {
    /// Rewrites both footers from the good one: the one at the end when it can be believed, else the copy. Bytes behind
    /// the data are cut. Says whether anything had to be changed.
    ///
    /// A file that is shorter than its BAT claims is never touched: to give it a footer would pass lost data off as
    /// zeros.
    ///
    /// # Errors
    /// Neither footer is good, the file is truncated, or reading or writing failed.
    pub fn apply<S: Storage>(self, storage: S) -> Result<bool, Error> {
        let mut image = if self.by_copy { Image::open_by_copy(&storage)? } else { Image::open(&storage)? };
        let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
        let end = image.footer_place(image.data_end()?, len)?;
        let mut sound = footer::read_primary(&storage, len)
            .is_ok_and(|(f, at)| f == image.footer && at == end)
            && (image.sparse.is_none() || footer::read_copy(&storage, len).is_ok_and(|f| f == image.footer));
        if let Some(uuid) = self.fresh_uuid.filter(|_| image.footer.uuid == [0; 16]) {
            image.footer.uuid = uuid.into_bytes();
            sound = false;
        }
        if sound && len == end + FOOTER_SIZE {
            return Ok(false);
        }
        image.write_footers().map(|()| true)
    }
}

/// Mends footers as [`Repair`] does by default, but only where there is a footer at the end, or room for the one that was
/// there: a file without was cut off, and who knows what else is gone. A footer of 511 bytes, as early versions of Virtual
/// PC wrote it, becomes a whole one.
///
/// # Errors
/// As [`Repair::apply`].
pub fn repair_footers<S: Storage>(storage: S) -> Result<bool, Error> {
    let image = Image::open(&storage)?;
    let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
    let least = image.data_end()?.saturating_add(FOOTER_SIZE);
    if len < least && image.footer_source() == FooterSource::Copy {
        let (expected, found) = (format!("at least {least} bytes"), format!("{len} bytes"));
        return Err(Finding::new(Part::File, Rule::BlockPastEnd, len, expected, found).into());
    }
    Repair::default().apply(storage)
}

/// Rewrites both footers from the copy at the start, whatever is at the end: for a duplicate of an image that may be in
/// use. While it is, there is no footer at its end; if it has grown there, the last bytes of the file are a guest's, who
/// may have written them to look like a footer. Says whether anything had to be changed.
///
/// # Errors
/// The copy cannot be believed, the file is shorter than its BAT claims, or reading or writing failed.
pub fn restore_footers<S: Storage>(storage: S) -> Result<bool, Error> {
    let mut image = Image::open_by_copy(&storage)?;
    let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
    if footer::read_primary(&storage, len).is_ok_and(|(primary, _)| primary == image.footer) {
        return Ok(false);
    }
    image.write_footers().map(|()| true)
}

/// Ends a change of the hidden flag or the geometry that was stopped between the two footers: where these differ in
/// nothing else, the one at the end, which is written first, becomes the other as well. Says whether anything had to be
/// changed.
///
/// # Errors
/// Neither footer is good, the file is shorter than its BAT claims, or reading or writing failed.
pub fn finish_footers<S: Storage>(storage: S) -> Result<bool, Error> {
    let mut image = Image::open(&storage)?;
    let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
    let (Ok((primary, _)), Ok(copy)) =
        (footer::read_primary(&storage, len), footer::read_copy(&storage, len))
    else {
        return Ok(false);
    };
    let mut rest = copy.clone();
    (rest.hidden, rest.geometry) = (primary.hidden, primary.geometry);
    rest.seal();
    if image.sparse.is_none() || copy == primary || rest != primary {
        return Ok(false);
    }
    image.write_footers().map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vhd::{BLOCK_SIZE, Memory, Sector, VhdTime, create_dynamic};
    use zerocopy::IntoBytes;

    #[test]
    fn only_what_relinking_leaves_half_done_is_finished() {
        let image = create_dynamic(Memory::default(), 4 << 20, Uuid::from_u128(1), VhdTime(1)).unwrap();
        let footer = image.footer().clone();
        let storage = image.into_storage();
        let end = storage.len().unwrap() - FOOTER_SIZE;
        let write = |change: &dyn Fn(&mut crate::vhd::Footer)| {
            let mut changed = footer.clone();
            change(&mut changed);
            changed.seal();
            storage.write_at(changed.as_bytes(), end).unwrap();
        };
        assert!(!finish_footers(&storage).unwrap());
        write(&|footer| footer.uuid = [7; 16]);
        assert!(!finish_footers(&storage).unwrap(), "another image's footer");
        write(&|footer| footer.hidden = 1);
        assert!(finish_footers(&storage).unwrap());
        assert!(Image::open_by_copy(&storage).unwrap().is_hidden());
    }

    #[test]
    fn a_footer_that_a_guest_wrote_is_not_believed_over_the_copy() {
        let size = 4 * u64::from(BLOCK_SIZE);
        let image = create_dynamic(Memory::default(), size, Uuid::from_u128(1), VhdTime(1));
        let mut image = image.unwrap();
        let mut forged = image.footer().clone();
        forged.uuid = [7; 16];
        forged.seal();
        // The last sector of the block that lies last in the file.
        image.write(Sector(u64::from(BLOCK_SIZE) / 512 - 1), forged.as_bytes()).unwrap();
        let storage = image.into_storage();
        storage.set_len(storage.len().unwrap() - FOOTER_SIZE).unwrap();
        assert_eq!(Image::open(&storage).unwrap().uuid(), Uuid::from_bytes([7; 16]));
        assert!(restore_footers(&storage).unwrap());
        assert_eq!(Image::open(&storage).unwrap().uuid(), Uuid::from_u128(1));
        assert!(!restore_footers(&storage).unwrap());
    }
}
