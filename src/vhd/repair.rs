//! Mending what can be mended without losing anything: one of the two footers, from the other.

use zerocopy::IntoBytes;

use super::error::Error;
use super::finding::{Finding, Part, Rule};
use super::footer::{self, FOOTER_SIZE};
use super::image::Image;
use super::storage::Storage;

/// Rewrites both footers from the good one: the one at the end when it can be believed, else the copy. Bytes behind the
/// data are cut. Says whether anything had to be changed.
///
/// A file that is shorter than its BAT claims is never touched: to give it a footer would pass lost data off as zeros.
///
/// # Errors
/// Neither footer is good, the file is truncated, or reading or writing failed.
pub fn repair_footers<S: Storage>(storage: S) -> Result<bool, Error> {
    let mut image = Image::open(&storage)?;
    let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
    let end = image.data_end()?;
    // Where there is no room for the footer that was there, the file was cut off: who knows what else is gone.
    if len < end.saturating_add(FOOTER_SIZE) {
        let expected = format!("at least {} bytes", end.saturating_add(FOOTER_SIZE));
        return Err(
            Finding::new(Part::File, Rule::BlockPastEnd, len, expected, format!("{len} bytes")).into()
        );
    }
    let sound = footer::read_primary(&storage, len).is_ok_and(|(f, at)| f == image.footer && at == end)
        && (image.sparse.is_none() || footer::read_copy(&storage, len).is_ok_and(|f| f == image.footer));
    if sound && len == end + FOOTER_SIZE {
        return Ok(false);
    }
    debug_assert_eq!(image.footer.as_bytes().len() as u64, FOOTER_SIZE);
    image.write_footers().map(|()| true)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vhd::{BLOCK_SIZE, Memory, Sector, VhdTime, create_dynamic};
    use uuid::Uuid;

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
