//! What the storage manager keeps in the head of a batmap: a marker, and the hash of an encryption key.

use zerocopy::IntoBytes;

use super::error::Error;
use super::image::Image;
use super::storage::Storage;

impl<S: Storage> Image<S> {
    /// Sets the marker. Says `false` when there is no batmap that could hold it.
    ///
    /// # Errors
    /// Writing failed.
    pub fn set_marker(&mut self, marker: u8) -> Result<bool, Error> {
        self.edit_batmap_head(|head| head.marker = marker)
    }

    /// Sets the hash of the key that the data is encrypted with, and the nonce that went into it. Says `false` when there
    /// is no batmap that could hold them.
    ///
    /// # Errors
    /// Writing failed.
    pub fn set_key_hash(&mut self, nonce: [u8; 32], hash: [u8; 32]) -> Result<bool, Error> {
        self.edit_batmap_head(|head| {
            head.key_present = 1;
            head.key_nonce = nonce;
            head.key_hash = hash;
        })
    }

    /// Changes the head of the batmap, and nothing behind it: the checksum is that of the map alone.
    fn edit_batmap_head(&mut self, edit: impl FnOnce(&mut super::BatmapHeader)) -> Result<bool, Error> {
        let Some(batmap) = self.sparse.as_mut().and_then(|s| s.batmap.as_mut()) else { return Ok(false) };
        edit(&mut batmap.header);
        let (head, at) = (batmap.header.as_bytes(), batmap.offset);
        self.storage.write_at(head, at).map_err(Error::io("writing the batmap's head", at))?;
        Ok(true)
    }
}
