//! Giving up all data of an image: what remains is as new, and reads as zeros or as its parent.

use zerocopy::IntoBytes;

use super::error::Error;
use super::format::UNALLOCATED;
use super::image::Image;
use super::storage::Storage;
use super::units::{SECTOR_SIZE, padded};

impl<S: Storage> Image<S> {
    /// Frees every block, clears the batmap and cuts the file behind its metadata.
    ///
    /// Order of the writes: batmap, BAT, footers. The batmap goes first, so that it never promises a block that is not
    /// there; a crash leaves an image that checks, with some of the data.
    ///
    /// # Errors
    /// The disk is fixed, or writing failed.
    pub fn discard_all(&mut self) -> Result<(), Error> {
        let Some(sparse) = &mut self.sparse else {
            return Err(Error::Refused("a fixed disk cannot give up its data".into()));
        };
        let storage = &self.storage;
        if let Some(batmap) = &mut sparse.batmap {
            let zeros = vec![0; usize::try_from(padded(batmap.checked_bytes())).unwrap_or(0)];
            let at = batmap.header.offset.get();
            storage.write_at(&zeros, at).map_err(Error::io("clearing the batmap", at))?;
            batmap.header.checksum = u32::MAX.into();
            let (head, at) = (batmap.header.as_bytes(), batmap.offset);
            storage.write_at(head, at).map_err(Error::io("writing the batmap", at))?;
        }
        let entries = u64::from(sparse.bat.blocks()) * 4;
        let piece = UNALLOCATED.to_be_bytes().repeat(16 * 1024);
        let start = sparse.header.table_offset.get();
        let mut done = 0;
        while done < entries {
            let n = usize::try_from(entries - done).unwrap_or(usize::MAX).min(piece.len());
            storage
                .write_at(&piece[..n], start + done)
                .map_err(Error::io("clearing the BAT", start + done))?;
            done += n as u64;
        }
        sparse.bat.forget();
        sparse.bitmap = None;
        self.write_footers()
    }

    /// Makes the file `len` bytes long, with the footer in its last sector, wherever the data ends: how an image is fitted
    /// to the volume that holds it. The copy stays as it is.
    ///
    /// # Errors
    /// The data does not fit, `len` is not whole sectors, or writing failed.
    pub fn set_physical_size(&mut self, len: u64) -> Result<(), Error> {
        let end = self.data_end()?;
        let place = len.checked_sub(SECTOR_SIZE).filter(|p| *p >= end && len.is_multiple_of(SECTOR_SIZE));
        let Some(place) = place else {
            return Err(Error::Refused(format!("{len} bytes cannot hold {end} bytes of data and a footer")));
        };
        self.storage
            .write_at(self.footer.as_bytes(), place)
            .map_err(Error::io("writing the footer", place))?;
        self.cut(len)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{Memory, Scope, Sector, VhdTime, check, create_dynamic};
    use super::*;

    #[test]
    fn nothing_is_left_of_the_data() {
        let storage = Memory::default();
        let mut image = create_dynamic(&storage, 8 << 20, Uuid::from_u128(7), VhdTime(0)).unwrap();
        let empty = image.storage().len().unwrap();
        image.write(Sector(4096), &[5; 2 << 20]).unwrap();
        image.set_physical_size(4 << 20).unwrap();
        assert_eq!(storage.len().unwrap(), 4 << 20);
        image.discard_all().unwrap();
        assert_eq!(storage.len().unwrap(), empty);
        assert!(check(&storage, Scope::Repository, VhdTime(0)).unwrap().findings.is_empty());
        assert_eq!(image.allocated_blocks().unwrap(), 0);
        assert!(image.set_physical_size(1024).is_err());
    }
}
