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
