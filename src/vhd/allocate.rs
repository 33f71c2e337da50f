//! Giving a block its place before anybody writes to it.

use super::bitmap::Bitmap;
use super::error::Error;
use super::footer::DiskType;
use super::image::Image;
use super::storage::Storage;
use super::units::BlockIndex;

impl<S: Storage> Image<S> {
    /// Allocates those of the blocks in `range` that are not: with all sectors present, and all zero, as they were before.
    /// Nothing but the bitmaps is written: the data is a hole.
    ///
    /// # Errors
    /// The disk is fixed or differencing (whose missing sectors are not zero, but the parent's), the file is full, or
    /// writing failed.
    pub fn allocate(&mut self, range: std::ops::Range<u32>) -> Result<(), Error> {
        if self.kind != DiskType::Dynamic {
            return Err(Error::Refused(format!("a {} disk has no zeros to allocate", self.kind)));
        }
        for block in range.map(BlockIndex) {
            if self.block(block)?.is_some() {
                continue;
            }
            let place = self.room_for_block(false)?;
            let Some(sparse) = &mut self.sparse else { continue };
            let mut bitmap = Bitmap(vec![0; usize::try_from(sparse.bitmap_size()).unwrap_or(0)]);
            bitmap.set(0..sparse.sectors_per_block());
            let written = self.storage.write_at(&bitmap.0, place.offset());
            written.map_err(Error::io("writing a block's bitmap", place.offset()))?;
            sparse.bat.set(&self.storage, block, place)?;
            if let Some(batmap) = &mut sparse.batmap {
                batmap.mark(&self.storage, block)?;
            }
        }
        self.write_footers()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{Chain, Memory, Scope, Sector, VhdTime, check, create_dynamic};
    use super::*;

    #[test]
    fn an_allocated_disk_reads_as_before() {
        let storage = Memory::default();
        let mut image = create_dynamic(&storage, 8 << 20, Uuid::from_u128(7), VhdTime(0)).unwrap();
        image.write(Sector(4096), &[5; 1024]).unwrap();
        image.allocate(0..3).unwrap();
        assert_eq!(image.allocated_blocks().unwrap(), 3);
        assert!(check(&storage, Scope::Repository, VhdTime(0)).unwrap().findings.is_empty());
        let mut disk = vec![1; 8 << 20];
        Chain::join(vec![Image::open(&storage).unwrap()]).unwrap().read(Sector(0), &mut disk).unwrap();
        assert!(disk[..2 << 20].iter().all(|b| *b == 0) && disk[2 << 20..][..1024] == [5; 1024]);
        assert!(disk[(2 << 20) + 1024..].iter().all(|b| *b == 0));
    }
}
