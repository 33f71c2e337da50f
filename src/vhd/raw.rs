//! Raw disks: files that are their disk's bytes and nothing else, seen as images.

use std::io;

use uuid::Uuid;

use super::create::new_footer;
use super::error::Error;
use super::footer::{DiskType, FooterSource};
use super::format::{FOOTER_COOKIE, HEADER_COOKIE, POISON_COOKIE};
use super::image::Image;
use super::storage::Storage;
use super::time::VhdTime;
use super::units::SECTOR_SIZE;

impl<S: Storage> Image<S> {
    /// The raw disk on `storage`, as an image that is all data and has no footer in the file.
    ///
    /// # Errors
    /// Its length is no whole number of sectors, or cannot be found.
    pub fn raw(storage: S) -> Result<Self, Error> {
        let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
        if !len.is_multiple_of(SECTOR_SIZE) {
            return Err(Error::Refused(format!(
                "a raw disk is whole sectors of 512 bytes, found {len} bytes"
            )));
        }
        let footer = new_footer(DiskType::Fixed, len, Uuid::nil(), VhdTime(0));
        let (source, kind) = (FooterSource::Primary(len), DiskType::Fixed);
        Ok(Self { storage, footer, source, kind, sparse: None, data: 0..0 })
    }
}

/// Whether anything on `storage` says that it is a VHD: a cookie at the end, at the beginning, or behind it. Damaged images
/// are meant to be recognised as well, so that they are refused and not taken for raw disks.
///
/// # Errors
/// Reading failed.
pub fn looks_like_vhd<S: Storage>(storage: &S) -> io::Result<bool> {
    let len = storage.len()?;
    let has = |cookie: [u8; 8], offset: u64| -> io::Result<bool> {
        let mut found = [0; 8];
        Ok(storage.read_at(&mut found, offset)? == 8 && found == cookie)
    };
    Ok(has(FOOTER_COOKIE, 0)?
        || has(POISON_COOKIE, 0)?
        || has(HEADER_COOKIE, SECTOR_SIZE)?
        || has(FOOTER_COOKIE, len.saturating_sub(512))?
        || has(FOOTER_COOKIE, len.saturating_sub(511))?)
}
