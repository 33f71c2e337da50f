//! The block allocation table, read a page at a time: a 2040 GiB disk has a million entries, a chain has thirty of
//! these tables, and none of that should sit in memory.

use std::cell::OnceCell;

use super::error::Error;
use super::format::UNALLOCATED;
use super::storage::Storage;
use super::units::{BlockIndex, FileSector};

/// Entries in a page: 64 KiB of table, 32 GiB of disk.
const PAGE: u32 = 16 * 1024;

/// The table of one image.
#[derive(Debug, Clone)]
pub struct Bat {
    offset: u64,
    blocks: u32,
    page: Vec<u32>,
    page_start: u32,
    /// The block that lies last in the file, once somebody has asked.
    last: OnceCell<Option<FileSector>>,
}

impl Bat {
    /// The table at byte `offset` for a disk of `blocks` blocks. What the file holds beyond that is never looked at.
    #[must_use]
    pub fn new(offset: u64, blocks: u32) -> Self {
        Self { offset, blocks, page: Vec::new(), page_start: 0, last: OnceCell::new() }
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
            self.page = self.read_page(storage, start)?;
            self.page_start = start;
        }
        let entry = self.page[(block.0 - start) as usize];
        Ok((entry != UNALLOCATED).then_some(FileSector(entry)))
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
        if let Some(entry) = block.0.checked_sub(self.page_start).and_then(|i| self.page.get_mut(i as usize))
        {
            *entry = place.0;
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
        for start in (0..self.blocks).step_by(PAGE as usize) {
            for (index, entry) in (start..).zip(self.read_page(storage, start)?) {
                if entry != UNALLOCATED {
                    visit(BlockIndex(index), FileSector(entry))?;
                }
            }
        }
        Ok(())
    }

    fn read_page<S: Storage>(&self, storage: &S, start: u32) -> Result<Vec<u32>, Error> {
        let entries = (self.blocks - start).min(PAGE);
        let offset = self.offset + u64::from(start) * 4;
        let mut bytes = vec![0; entries as usize * 4];
        storage.read_exact_at(&mut bytes, offset).map_err(Error::io("reading the BAT", offset))?;
        Ok(bytes.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])).collect())
    }
}
