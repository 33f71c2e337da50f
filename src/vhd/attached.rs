//! Telling an image that is attached from one that has lost its footer.
//!
//! tapdisk overwrites the footer at the end of an image that it opens for writing with bytes of one value, and writes it
//! back when it closes the image. In between, new blocks are put where the footer was: of each first its bitmap, empty, then
//! sectors as they are written, then the bitmap anew. So the file may end anywhere behind the last sector that is marked.

use super::error::Error;
use super::footer::{self, DiskType};
use super::image::Image;
use super::storage::Storage;
use super::units::SECTOR_SIZE;

/// What tapdisk puts in the place of the footer (blktap `block-vhd.c`, `vhd_kill_footer`).
const KILLED: [u8; 512] = [0xc7; 512];

/// Where the footer will lie when the image is closed, if it is attached, or was when its host died; `None` for one that
/// has a footer, good or bad, or has lost more than that.
pub(crate) fn attached_end<S: Storage>(storage: &S) -> Result<Option<u64>, Error> {
    let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
    // Whatever is wrong with the image, somebody else says.
    let Ok(image) = Image::open_by_copy(storage) else { return Ok(None) };
    if image.kind() == DiskType::Fixed
        || footer::read_primary(storage, len).is_ok_and(|(f, _)| f.has_cookie())
    {
        return Ok(None);
    }
    let Some(written) = image.written_end()? else { return Ok(None) };
    let end = image.data_end()?;
    let mut tail = [0; 512];
    let tail_at = len.saturating_sub(SECTOR_SIZE);
    storage.read_at(&mut tail, tail_at).map_err(Error::io("reading the end of the file", tail_at))?;
    let killed = tail == KILLED && len >= end.saturating_add(SECTOR_SIZE);
    Ok((killed || (written..=end).contains(&len)).then_some(end))
}
