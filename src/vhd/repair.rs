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
