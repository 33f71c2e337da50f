//! Mending what can be mended without losing anything: one of the two footers, from the other.

use uuid::Uuid;

use super::error::Error;
use super::footer::{self, FOOTER_SIZE};
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

/// Mends footers as [`Repair`] does by default.
///
/// # Errors
/// As [`Repair::apply`].
pub fn repair_footers<S: Storage>(storage: S) -> Result<bool, Error> {
    Repair::default().apply(storage)
}
