//! The blocks: none lies in the metadata, behind the footer, or in another; and, where asked for, none holds data that
//! its bitmap denies.

use super::{Run, wrong};
use crate::vhd::{BlockIndex, FileSector, SECTOR_SIZE};
use crate::vhd_util::disk::{self, Disk};
use crate::vhd_util::errno::Errno;

/// Most blocks that are looked at: a disk of 32 TiB, sixteen times what the format can hold.
const MOST: usize = 16 << 20;

/// Sectors of a file in which a block may lie, and how many it takes.
struct Room {
    start: u64,
    end: u64,
    block: u64,
}

impl Run<'_, '_> {
    pub(super) fn blocks(&mut self, disk: &Disk) -> Result<(), Errno> {
        if let Err(e) = disk.bat() {
            wrong!(self, e, "error reading bat: {e}");
        }
        let start = match disk.metadata_end() {
            Ok(end) => end,
            Err(e) => wrong!(self, e, "error calculating end of metadata: {e}"),
        };
        let (blocks, room) = (disk.bat()?.blocks(), disk.max_blocks());
        if u64::from(blocks) > room {
            wrong!(self, Errno::INVAL, "VHD size ({blocks} blocks) exceeds BAT size ({room})");
        }
        let mut places: Vec<(BlockIndex, FileSector)> = Vec::new();
        disk.for_each_block(|block, place| {
            if places.len() < MOST {
                places.push((block, place));
            }
        })?;
        let block = disk.bitmap_size() / SECTOR_SIZE + disk.sectors_per_block();
        let end = disk.len.div_ceil(SECTOR_SIZE).saturating_sub(1);
        let room = Room { start: start.div_ceil(SECTOR_SIZE), end, block };
        // A last block that the disk fills in part is looked at as well, but after all that everybody looks at.
        let whole = disk.size() / (disk.sectors_per_block() * SECTOR_SIZE);
        let (whole, rest): (Vec<_>, Vec<_>) = places.into_iter().partition(|(b, _)| u64::from(b.0) < whole);
        self.apart(disk, &room, &whole, &whole)?;
        if self.ask.bitmaps || self.ask.stats {
            for &(index, place) in &whole {
                self.bitmap(disk, index, place)?;
            }
        }
        let all: Vec<_> = whole.iter().chain(&rest).copied().collect();
        self.apart(disk, &room, &rest, &all)
    }

    /// Each of `blocks` lies where blocks may be, and apart from all `others`.
    fn apart(
        &mut self,
        disk: &Disk,
        room: &Room,
        blocks: &[(BlockIndex, FileSector)],
        others: &[(BlockIndex, FileSector)],
    ) -> Result<(), Errno> {
        let overlaps = !self.ask.overlap_allowed && overlap(others, room.block);
        for &(index, place) in blocks {
            self.place(disk, room, index, place)?;
            let clash =
                |other: &&(BlockIndex, FileSector)| other.0 != index && near(place, other.1, room.block);
            if overlaps && let Some((other, at)) = others.iter().find(clash) {
                let (block, offset, other, at) = (index.0, place.0, other.0, at.0);
                wrong!(
                    self,
                    Errno::INVAL,
                    "block {block} (offset 0x{offset:x}) clobbers block {other} (offset 0x{at:x})"
                );
            }
        }
        Ok(())
    }

    fn place(&mut self, disk: &Disk, room: &Room, index: BlockIndex, place: FileSector) -> Result<(), Errno> {
        let (block, offset) = (index.0, place.0);
        if u64::from(offset) < room.start {
            wrong!(self, Errno::INVAL, "block {block} (offset 0x{offset:x}) clobbers headers");
        }
        // The last block may end where the disk does.
        let data = disk.size().div_ceil(SECTOR_SIZE) - u64::from(block) * disk.sectors_per_block();
        let missing = disk.sectors_per_block().saturating_sub(data);
        if u64::from(offset) + room.block - missing > room.end {
            wrong!(self, Errno::INVAL, "block {block} (offset 0x{offset:x}) clobbers footer");
        }
        Ok(())
    }

    /// Reads a block's bitmap and, where asked for, looks for data where it is clear.
    fn bitmap(&mut self, disk: &Disk, index: BlockIndex, place: FileSector) -> Result<(), Errno> {
        let block = index.0;
        let bitmap = match disk.bitmap(place) {
            Ok(bitmap) => bitmap,
            Err(e) => wrong!(self, e, "error reading bitmap 0x{block:x}"),
        };
        if !self.ask.bitmaps {
            return Ok(());
        }
        let sectors = disk.sectors_per_block();
        let mut data = vec![0; usize::try_from(sectors * SECTOR_SIZE).unwrap_or(0)];
        let start = place.offset() + disk.bitmap_size();
        // The file may end inside its last block: what is missing is zero, and clear.
        let there = usize::try_from(disk.len.saturating_sub(start)).unwrap_or(usize::MAX).min(data.len());
        if let Err(e) = disk::read(&disk.file, &mut data[..there], start) {
            wrong!(self, e, "error reading data block 0x{block:x}");
        }
        let mut outcome = Ok(());
        for (sector, bytes) in data.chunks_exact(512).enumerate() {
            let present = bitmap.get(sector / 8).is_some_and(|byte| byte & (0x80 >> (sector % 8)) != 0);
            if !present && bytes.iter().any(|b| *b != 0) {
                outcome = self.stray(block, sector);
            }
        }
        outcome
    }

    fn stray(&mut self, block: u32, sector: usize) -> Result<(), Errno> {
        wrong!(self, Errno::INVAL, "sector 0x{sector:x} of block 0x{block:x} has data where bitmap is clear");
    }

    /// The batmap marks no block that is not there. All else about it was found right with the end of the metadata.
    pub(super) fn batmap(&mut self, disk: &Disk) -> Result<(), Errno> {
        let batmap = match disk.batmap() {
            Ok(Some(batmap)) => batmap,
            Ok(None) => return Ok(()),
            Err(e) => wrong!(self, e, "error reading batmap: {e}"),
        };
        let head = &batmap.header;
        let bits = u64::from(head.sectors.get()) * SECTOR_SIZE * 8;
        if bits < disk.max_blocks() {
            wrong!(self, Errno::INVAL, "batmap is invalid: batmap-BAT size mismatch");
        }
        if head.offset.get() < batmap.offset + SECTOR_SIZE {
            wrong!(self, Errno::INVAL, "batmap is invalid: invalid batmap offset");
        }
        if batmap.end() + SECTOR_SIZE > disk.len.next_multiple_of(SECTOR_SIZE) {
            wrong!(self, Errno::INVAL, "batmap is invalid: invalid batmap size");
        }
        let mut bat = disk.bat()?;
        let mut stray = None;
        batmap.for_each_full(&disk.file, |block| {
            if stray.is_none() && bat.entry(&disk.file, block)?.is_none() {
                stray = Some(block.0);
            }
            Ok(())
        })?;
        match stray {
            Some(block) => wrong!(self, Errno::INVAL, "batmap shows unallocated block {block} full"),
            None => Ok(()),
        }
    }
}

fn near(a: FileSector, b: FileSector, block: u64) -> bool {
    u64::from(a.0.abs_diff(b.0)) < block
}

/// Whether any two blocks overlap.
fn overlap(places: &[(BlockIndex, FileSector)], block: u64) -> bool {
    let mut starts: Vec<FileSector> = places.iter().map(|(_, place)| *place).collect();
    starts.sort_unstable();
    starts.windows(2).any(|pair| near(pair[0], pair[1], block))
}
