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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{Memory, Scope, Sector, VhdTime, check, create_dynamic, create_fixed};
    use super::*;

    #[test]
    fn marker_and_key_leave_the_map_alone() {
        let storage = Memory::default();
        let mut image = create_dynamic(&storage, 4 << 20, Uuid::from_u128(7), VhdTime(0)).unwrap();
        image.write(Sector(0), &[5; 2 << 20]).unwrap();
        assert!(image.set_marker(65).unwrap() && image.set_key_hash([1; 32], [2; 32]).unwrap());
        assert!(check(&storage, Scope::Repository, VhdTime(0)).unwrap().findings.is_empty());
        let image = Image::open(&storage).unwrap();
        let head = &image.batmap().unwrap().header;
        assert_eq!((head.marker, head.key_present, head.key_hash), (65, 1, [2; 32]));
    }

    #[test]
    fn a_fixed_disk_has_no_place_for_a_marker() {
        let storage = Memory::default();
        let mut image = create_fixed(&storage, 2 << 20, Uuid::from_u128(7), VhdTime(0)).unwrap();
        assert!(!image.set_marker(1).unwrap());
    }
}
