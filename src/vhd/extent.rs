//! Where the sectors of a disk come from.

use super::bitmap::Bitmap;
use super::error::Error;
use super::footer::DiskType;
use super::image::Image;
use super::storage::Storage;
use super::units::{BlockIndex, SECTOR_SIZE, Sector};

/// What one image says of a run of sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The bytes lie in this file, from this byte offset on.
    Data(u64),
    /// They are zero.
    Zero,
    /// The parent has them.
    Parent,
}

impl<S: Storage> Image<S> {
    /// What this image says of the sectors from `sector` on: the answer for the first, and for how many of the next
    /// `most` it holds. Sectors beyond the disk are zero.
    ///
    /// # Errors
    /// BAT or bitmap cannot be read.
    pub fn extent(&mut self, sector: Sector, most: u64) -> Result<(Extent, u64), Error> {
        let sectors = self.virtual_size() / SECTOR_SIZE;
        if sector.0 >= sectors {
            return Ok((Extent::Zero, most));
        }
        let most = most.min(sectors - sector.0);
        let absent = if self.kind == DiskType::Differencing { Extent::Parent } else { Extent::Zero };
        let Some(sparse) = &mut self.sparse else {
            return self.fixed_extent(sector, most);
        };
        let (per_block, bitmap_size) = (sparse.sectors_per_block(), sparse.bitmap_size());
        let (block, within) = (sector.0 / per_block, sector.0 % per_block);
        let index = BlockIndex(u32::try_from(block).unwrap_or(u32::MAX));
        let reached = u32::try_from((within + most).div_ceil(per_block)).unwrap_or(u32::MAX);
        let blocks = sparse.bat.absent(&self.storage, index, reached)?;
        if blocks > 0 {
            return Ok((absent, (u64::from(blocks) * per_block - within).min(most)));
        }
        let run = (per_block - within).min(most);
        let Some(place) = sparse.bat.entry(&self.storage, index)? else { return Ok((absent, run)) };
        if sparse.bitmap.as_ref().is_none_or(|(cached, _)| *cached != index) {
            let mut bytes = vec![0; usize::try_from(bitmap_size).unwrap_or(0)];
            let read = self.storage.read_at(&mut bytes, place.offset());
            read.map_err(Error::io("reading a block's bitmap", place.offset()))?;
            sparse.bitmap = Some((index, Bitmap(bytes)));
        }
        let Some((_, bitmap)) = &sparse.bitmap else { return Ok((absent, run)) };
        let run = bitmap.run(within, run);
        let data = Extent::Data(place.offset() + bitmap_size + within * SECTOR_SIZE);
        Ok((if bitmap.get(within) { data } else { absent }, run))
    }

    /// As [`Self::extent`], of a disk that lies in the file as it is: where the file has holes, it is zero.
    fn fixed_extent(&mut self, sector: Sector, most: u64) -> Result<(Extent, u64), Error> {
        let (at, end) = (sector.0 * SECTOR_SIZE, (sector.0 + most) * SECTOR_SIZE);
        // Data stays data, for as long as it is read; a hole may be filled by then.
        if !self.data.contains(&at) {
            let found = self.storage.next_data(at, self.virtual_size());
            self.data = found.map_err(Error::io("looking for data", at))?;
        }
        let hole = self.data.start.min(end).saturating_sub(at) / SECTOR_SIZE;
        if hole > 0 {
            return Ok((Extent::Zero, hole));
        }
        let run = (self.data.end.min(end) - at).div_ceil(SECTOR_SIZE);
        Ok((Extent::Data(at), run.clamp(1, most)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    #[test]
    fn the_holes_of_a_raw_disk_are_zero_and_its_data_is_data() {
        let file = tempfile::tempfile().unwrap();
        let (size, written) = (64 << 20, 20 << 20);
        file.set_len(size).unwrap();
        file.write_all_at(&[1; 512], written).unwrap();
        let mut image = Image::<File>::raw(file).unwrap();
        let (mut at, end, mut data) = (0, size / SECTOR_SIZE, Vec::new());
        while at < end {
            let (extent, run) = image.extent(Sector(at), end - at).unwrap();
            assert!(run > 0 && at + run <= end, "{run} at {at}");
            if extent != Extent::Zero {
                assert_eq!(extent, Extent::Data(at * SECTOR_SIZE));
                data.push(at * SECTOR_SIZE..(at + run) * SECTOR_SIZE);
            }
            at += run;
        }
        assert!(data.len() == 1 && data[0].contains(&written), "{data:?}");
        assert!(data[0].end - data[0].start <= 4 << 20, "{data:?}: the rest is a hole");
        assert_eq!(image.extent(Sector(end), 5).unwrap(), (Extent::Zero, 5));
    }
}
