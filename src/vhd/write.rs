//! Writing sectors into one image, allocating blocks where there are none.

use super::error::Error;
use super::finding::{Finding, Part, Rule};
use super::image::Image;
use super::storage::Storage;
use super::units::{BlockIndex, FileSector, SECTOR_SIZE, Sector};

/// Written over what lies behind the data.
const ZEROS: [u8; 4096] = [0; 4096];
/// Block data starts on a page, as blktap lays it out.
const SECTORS_PER_PAGE: u64 = 8;

impl<S: Storage> Image<S> {
    /// Writes whole sectors of the disk from `sector` on. A new block goes behind all others; the sectors of it that
    /// are not written stay the parent's, or zero.
    ///
    /// Order of the writes of one block: room, data, bitmap, BAT, and in the end the footers; so an entry never points
    /// to a block that is not there.
    ///
    /// # Errors
    /// `data` is not whole sectors or reaches beyond the disk; the file is full (a BAT entry reaches 2 TiB), or shorter
    /// than its BAT claims; or writing failed.
    pub fn write(&mut self, sector: Sector, data: &[u8]) -> Result<(), Error> {
        let size = self.virtual_size();
        let end = (sector.0.saturating_mul(SECTOR_SIZE)).saturating_add(data.len() as u64);
        if end > size || !(data.len() as u64).is_multiple_of(SECTOR_SIZE) {
            return Err(Error::Refused(format!("{} bytes at {sector:?} of a {size}-byte disk", data.len())));
        }
        let Some(sparse) = &self.sparse else {
            let offset = sector.0 * SECTOR_SIZE;
            return self.storage.write_at(data, offset).map_err(Error::io("writing data", offset));
        };
        let per_block = sparse.sectors_per_block();
        let (mut at, mut rest, mut grown) = (sector.0, data, false);
        while !rest.is_empty() {
            let (block, within) = (at / per_block, at % per_block);
            let count = (per_block - within).min(rest.len() as u64 / SECTOR_SIZE);
            let (piece, after) = rest.split_at(usize::try_from(count * SECTOR_SIZE).unwrap_or(0));
            let block = BlockIndex(u32::try_from(block).unwrap_or(u32::MAX));
            grown |= self.write_block(block, within, piece)?;
            (at, rest) = (at + count, after);
        }
        if grown { self.write_footers() } else { Ok(()) }
    }

    /// Writes `piece` into one block from its sector `within` on; says whether the block had to be allocated.
    fn write_block(&mut self, block: BlockIndex, within: u64, piece: &[u8]) -> Result<bool, Error> {
        let (existing, room) = match self.block(block)? {
            Some(place) => (true, place),
            None => (false, self.room_for_block(self.is_whole_block(piece))?),
        };
        let Some(sparse) = &mut self.sparse else { return Ok(false) };
        let (bitmap_size, per_block) = (sparse.bitmap_size(), sparse.sectors_per_block());
        let data = room.offset() + bitmap_size + within * SECTOR_SIZE;
        self.storage.write_at(piece, data).map_err(Error::io("writing data", data))?;

        let mut bytes = vec![0; usize::try_from(bitmap_size).unwrap_or(0)];
        if existing {
            let read = self.storage.read_at(&mut bytes, room.offset());
            read.map_err(Error::io("reading a block's bitmap", room.offset()))?;
        }
        let mut bitmap = super::bitmap::Bitmap(bytes);
        bitmap.set(within..within + piece.len() as u64 / SECTOR_SIZE);
        let written = self.storage.write_at(&bitmap.0, room.offset());
        written.map_err(Error::io("writing a block's bitmap", room.offset()))?;
        if !existing {
            sparse.bat.set(&self.storage, block, room)?;
        }
        if bitmap.is_full(per_block)
            && let Some(batmap) = &mut sparse.batmap
        {
            batmap.mark(&self.storage, block)?;
        }
        sparse.bitmap = Some((block, bitmap));
        Ok(!existing)
    }

    fn is_whole_block(&self, piece: &[u8]) -> bool {
        self.sparse.as_ref().is_some_and(|s| piece.len() as u64 == s.block_size())
    }

    /// Makes room for a block behind all data, the block's data on a page. From the old end on there are zeros, unless
    /// the whole block is written next: then the old footer stays until it is written over, as blktap leaves it.
    pub(crate) fn room_for_block(&self, whole: bool) -> Result<FileSector, Error> {
        let Some(sparse) = &self.sparse else {
            return Err(Error::Refused("a fixed disk has no blocks".into()));
        };
        let (bitmap, block) = (sparse.bitmap_size() / SECTOR_SIZE, sparse.block_size());
        let end = self.whole_data_end()?;
        let data = (end.div_ceil(SECTOR_SIZE) + bitmap).next_multiple_of(SECTORS_PER_PAGE);
        let start = data - bitmap;
        let place =
            u32::try_from(start).ok().filter(|s| *s != u32::MAX).map(FileSector).ok_or_else(|| {
                Finding::new(
                    Part::Bat,
                    Rule::FileSize,
                    end,
                    "a file of at most 2 TiB",
                    format!("{end} bytes"),
                )
            })?;
        let io = |at| Error::io("making room for a block", at);
        let len = self.storage.len().map_err(io(end))?;
        let room_end = data * SECTOR_SIZE + block;
        if self.storage.is_fixed_length().map_err(io(end))? {
            if room_end + SECTOR_SIZE > len {
                return Err(Error::Refused(format!("a device of {len} bytes has no room for another block")));
            }
            // Whatever was on the device before is no data of the disk.
            self.zero(end, if whole { start * SECTOR_SIZE } else { room_end })?;
            return Ok(place);
        }
        // The file is longer by block and footer before the old footer goes: one that is shorter was cut off, and is not
        // repaired. Where the block comes there are zeros then, most of them a hole; what lies behind that is cut with the
        // next footer, and not written to: the file may be as long as it likes.
        self.storage.set_len(len.max(room_end + SECTOR_SIZE)).map_err(io(end))?;
        if !whole {
            self.zero(end, len.min(room_end + SECTOR_SIZE))?;
        }
        Ok(place)
    }

    /// Writes zeros from byte `from` up to byte `to`.
    fn zero(&self, from: u64, to: u64) -> Result<(), Error> {
        let mut at = from;
        while at < to {
            let piece = usize::try_from(to - at).unwrap_or(ZEROS.len()).min(ZEROS.len());
            self.storage.write_at(&ZEROS[..piece], at).map_err(Error::io("making room for a block", at))?;
            at += piece as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vhd::{Memory, Scope, Storage, VhdTime, check, create_dynamic};
    use std::cell::Cell;
    use std::io;

    /// A long file, of which the end is neither kept nor to be written.
    struct Long(Memory, Cell<u64>);

    impl Storage for Long {
        fn len(&self) -> io::Result<u64> {
            Ok(self.1.get())
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            self.0.read_at(buf, offset)
        }
        fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
            assert!(offset + (buf.len() as u64) < 8 << 20, "a write at {offset}");
            self.0.write_at(buf, offset)?;
            self.1.set(self.1.get().max(Storage::len(&self.0)?));
            Ok(())
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.1.set(len);
            if len < 8 << 20 { self.0.set_len(len) } else { Ok(()) }
        }
        fn sync(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_lies_behind_the_data_is_cut_and_not_zeroed() {
        let storage = Long(Memory::default(), Cell::new(0));
        let now = VhdTime(700_000_000);
        drop(create_dynamic(&storage, 4 << 20, uuid::Uuid::from_u128(1), now).unwrap());
        storage.set_len(2 << 40).unwrap();
        let mut image = Image::open_by_copy(&storage).unwrap();
        image.write(Sector(0), &[1; 512]).unwrap();
        assert_eq!(check(&storage, Scope::Repository, now).unwrap().findings.list, []);
    }
}
