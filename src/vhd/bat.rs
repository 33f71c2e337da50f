//! The block allocation table, read a page at a time: a 2040 GiB disk has a million entries, a chain has thirty of
//! these tables, and none of that should sit in memory.

use std::cell::OnceCell;
use std::ops::Range;

use super::error::Error;
use super::format::UNALLOCATED;
use super::storage::Storage;
use super::units::{BlockIndex, FileSector};

/// Entries in a page: 64 KiB of table, 32 GiB of disk.
const PAGE: u32 = 16 * 1024;
/// Entries that are looked at together.
const GROUP: usize = 64;
/// Bytes of an entry.
const ENTRY: usize = 4;

/// The table of one image.
#[derive(Debug, Clone)]
pub struct Bat {
    offset: u64,
    blocks: u32,
    /// The page that was read last, as it lies in the file.
    page: Vec<u8>,
    page_start: u32,
    /// The block that lies last in the file, once somebody has asked.
    last: OnceCell<Option<FileSector>>,
    /// Blocks that were found not to be allocated.
    absent: Range<u32>,
}

impl Bat {
    /// The table at byte `offset` for a disk of `blocks` blocks. What the file holds beyond that is never looked at.
    #[must_use]
    pub fn new(offset: u64, blocks: u32) -> Self {
        Self { offset, blocks, page: Vec::new(), page_start: 0, last: OnceCell::new(), absent: 0..0 }
    }

    /// Blocks of the disk, allocated or not.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.blocks
    }

    /// Where `block` lies; `None` when it is not allocated, or beyond the disk.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn entry<S: Storage>(&mut self, storage: &S, block: BlockIndex) -> Result<Option<FileSector>, Error> {
        if block.0 >= self.blocks {
            return Ok(None);
        }
        let start = block.0 - block.0 % PAGE;
        if self.page.is_empty() || self.page_start != start {
            let mut page = std::mem::take(&mut self.page);
            self.read_page(storage, start, &mut page)?;
            (self.page, self.page_start) = (page, start);
        }
        let at = (block.0 - start) as usize * ENTRY;
        Ok(decode(&self.page[at..at + ENTRY]))
    }

    /// How many blocks from `block` on are not allocated, `most` at most; those beyond the disk never are. What was found
    /// is kept: whoever goes through a chain asks an empty leaf again for every block that its parents have.
    pub(crate) fn absent<S: Storage>(
        &mut self,
        storage: &S,
        block: BlockIndex,
        most: u32,
    ) -> Result<u32, Error> {
        let end = block.0.saturating_add(most);
        if !self.absent.contains(&block.0) {
            self.absent = block.0..block.0;
        }
        while self.absent.end < end && self.entry(storage, BlockIndex(self.absent.end))?.is_none() {
            self.absent.end += 1;
        }
        Ok(self.absent.end.min(end) - block.0)
    }

    /// Records where `block` lies, in the file and here.
    pub(crate) fn set<S: Storage>(
        &mut self,
        storage: &S,
        block: BlockIndex,
        place: FileSector,
    ) -> Result<(), Error> {
        let offset = self.offset + u64::from(block.0) * 4;
        storage.write_at(&place.0.to_be_bytes(), offset).map_err(Error::io("writing the BAT", offset))?;
        let entry = block.0.checked_sub(self.page_start).map(|index| index as usize * ENTRY);
        if let Some(entry) = entry.and_then(|at| self.page.get_mut(at..at + ENTRY)) {
            entry.copy_from_slice(&place.0.to_be_bytes());
        }
        if self.absent.contains(&block.0) {
            self.absent = 0..0;
        }
        // A block that moves down may have been the last one. Blocks are allocated upwards: that costs nothing.
        match self.last.take() {
            Some(last) if last.is_none_or(|last| place > last) => drop(self.last.set(Some(place))),
            _ => {}
        }
        Ok(())
    }

    /// Where the block lies that is last in the file; `None` when none is allocated. Found once, and kept while blocks
    /// are allocated behind it.
    pub(crate) fn last<S: Storage>(&self, storage: &S) -> Result<Option<FileSector>, Error> {
        if let Some(last) = self.last.get() {
            return Ok(*last);
        }
        let mut last = None;
        self.for_each(storage, |_, place| {
            last = last.max(Some(place));
            Ok(())
        })?;
        Ok(*self.last.get_or_init(|| last))
    }

    /// Forgets what was read: the table in the file was changed.
    pub(crate) fn forget(&mut self) {
        self.page.clear();
        self.last = OnceCell::new();
        self.absent = 0..0;
    }

    /// Calls `visit` for each allocated block, in the order of the table.
    ///
    /// # Errors
    /// The table cannot be read, or `visit` failed.
    pub fn for_each<S: Storage>(
        &self,
        storage: &S,
        mut visit: impl FnMut(BlockIndex, FileSector) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut page = Vec::new();
        for start in (0..self.blocks).step_by(PAGE as usize) {
            self.read_page(storage, start, &mut page)?;
            for (first, group) in (start..).step_by(GROUP).zip(page.chunks(GROUP * ENTRY)) {
                // Most of most tables is empty, and told to be so at a glance: without a branch for each byte.
                if group.iter().fold(0xff, |all, byte| all & byte) == 0xff {
                    continue;
                }
                for (index, bytes) in (first..).zip(group.chunks_exact(ENTRY)) {
                    if let Some(place) = decode(bytes) {
                        visit(BlockIndex(index), place)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn read_page<S: Storage>(&self, storage: &S, start: u32, page: &mut Vec<u8>) -> Result<(), Error> {
        let entries = (self.blocks - start).min(PAGE);
        let offset = self.offset + u64::from(start) * 4;
        page.resize(entries as usize * ENTRY, 0);
        storage.read_exact_at(page, offset).map_err(Error::io("reading the BAT", offset))
    }
}

/// What the bytes of an entry say.
fn decode(entry: &[u8]) -> Option<FileSector> {
    let entry = entry.try_into().map_or(UNALLOCATED, u32::from_be_bytes);
    (entry != UNALLOCATED).then_some(FileSector(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vhd::Memory;

    #[test]
    fn every_allocated_block_is_visited_and_no_other() {
        // Two pages, of which the second ends within a group.
        let blocks = PAGE + 70;
        let allocated = [0, 63, 64, 200, PAGE - 1, PAGE, PAGE + 63, PAGE + 64, PAGE + 69];
        let mut bytes = vec![0xff; 512 + (blocks as usize + 3) * ENTRY];
        for block in allocated.into_iter().chain([blocks]) {
            bytes[512 + block as usize * ENTRY..][..ENTRY].copy_from_slice(&(block + 7).to_be_bytes());
        }
        let (storage, mut bat) = (Memory::new(bytes), Bat::new(512, blocks));
        let mut found = Vec::new();
        bat.for_each(&storage, |block, place| {
            found.push((block.0, place.0));
            Ok(())
        })
        .unwrap();
        assert_eq!(found, allocated.map(|block| (block, block + 7)));
        for (block, place) in [(63, Some(70)), (65, None), (PAGE + 69, Some(PAGE + 76)), (blocks, None)] {
            assert_eq!(bat.entry(&storage, BlockIndex(block)).unwrap().map(|place| place.0), place);
        }
        let absent = |bat: &mut Bat, block, most| bat.absent(&storage, BlockIndex(block), most).unwrap();
        for (block, most, expected) in [(63, 9, 0), (65, 9, 9), (70, 500, 130), (70, 7, 7), (199, 5, 1)] {
            assert_eq!(absent(&mut bat, block, most), expected, "{block}");
        }
        assert_eq!(absent(&mut bat, PAGE + 65, 9), 4);
        assert_eq!((absent(&mut bat, PAGE + 70, 9), absent(&mut bat, 60, 9)), (9, 3));
        assert_eq!(absent(&mut bat, 65, 9), 9);
        bat.set(&storage, BlockIndex(65), FileSector(1_000_000)).unwrap();
        assert_eq!(bat.entry(&storage, BlockIndex(65)).unwrap(), Some(FileSector(1_000_000)));
        assert_eq!((absent(&mut bat, 65, 9), absent(&mut bat, 66, 9)), (0, 9));
        assert_eq!(bat.last(&storage).unwrap(), Some(FileSector(1_000_000)));
    }
}
