//! `read`: looking inside an image: its metadata, where a sector lies, bitmaps, data.

use std::ffi::OsString;
use std::path::Path;

use super::console::{Console, complain, say};
use super::disk::{Disk, Opening};
use super::dump::{self, Shown};
use super::errno::Errno;
use super::getopt::Options;
use super::guest::{Guest, bit};
use super::number;
use crate::vhd::{Bat, BlockIndex, FileSector, SECTOR_SIZE, Storage};

pub(super) const USAGE: &str = "options:
-h          help
-n          name
-p          print VHD headers
-t sec      translate logical sector to VHD location
-b blk      print bat entry
-B          print entire bat as a bitmap
-m blk      print bitmap
-i sec      test bitmap for logical sector
-e sec      output extent list of allocated logical sectors
-a          print batmap
-j blk      test batmap for block
-d blk      print data
-c num      num units
-r sec      read num sectors at sec
-R byte     read num bytes at byte
-x          print in hex
";

/// Sectors that are read at once.
const PIECE: u64 = 4096;

/// The sections that may be asked for, in the order in which they are answered.
const SECTIONS: &str = "ptbBmieajdrR";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("read", "n:pt:b:Bm:i:e:aj:d:c:r:R:xCh", args, console);
    let (mut name, mut count, mut hex, mut cached) = (None, 1, false, false);
    let mut asked: Vec<(char, u64)> = Vec::new();
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'c' => count = number::unsigned(&option.text()),
            'x' => hex = true,
            'C' => cached = true,
            'h' | '?' => return super::usage(console, USAGE),
            letter => asked.push((letter, number::unsigned(&option.text()))),
        }
    }
    let Some(name) = name.filter(|_| options.operands.is_empty()) else {
        return super::usage(console, USAGE);
    };
    let (path, shown) = (Path::new(&name), Shown { hex });
    let disk = open(console, path, shown, Opening { disabled: true, fast: cached, ..Opening::default() })?;
    let bat = disk.bat().inspect_err(|e| say!(console, "Failed to get bat for {}: {e}\n", path.display()))?;
    let mut look = Look { disk, bat, count, shown, console };
    for section in SECTIONS.chars() {
        if let Some((_, value)) = asked.iter().rev().find(|(letter, _)| *letter == section) {
            look.section(section, *value)?;
        }
    }
    Ok(())
}

/// All metadata of the image at `path`: `read -p`.
pub(super) fn headers(console: &mut Console<'_>, path: &Path) -> Result<(), Errno> {
    let shown = Shown { hex: false };
    let disk = open(console, path, shown, Opening { disabled: true, ..Opening::default() })?;
    disk.bat().inspect_err(|e| say!(console, "Failed to get bat for {}: {e}\n", path.display()))?;
    dump::image(console, &disk, shown);
    Ok(())
}

fn open(console: &mut Console<'_>, path: &Path, shown: Shown, how: Opening) -> Result<Disk, Errno> {
    Disk::open(path, how).inspect_err(|error| {
        let name = path.display();
        say!(console, "Failed to open {name}: {error}\n\n{name} appears invalid; dumping headers\n\n");
        dump::wreck(console, path, shown);
    })
}

struct Look<'a, 'b> {
    disk: Disk,
    bat: Bat,
    count: u64,
    shown: Shown,
    console: &'a mut Console<'b>,
}

impl Look<'_, '_> {
    fn section(&mut self, section: char, value: u64) -> Result<(), Errno> {
        match section {
            'p' => dump::image(self.console, &self.disk, self.shown),
            't' => self.translate(value)?,
            'b' => self.entries(value)?,
            'B' => self.table()?,
            'm' => self.bitmaps(value)?,
            'i' => self.bits(value)?,
            'e' => self.extents(value)?,
            'a' => self.batmap()?,
            'j' => self.batmap_bits(value)?,
            'd' => self.blocks(value)?,
            'r' => self.sectors(value)?,
            _ => self.bytes(value)?,
        }
        Ok(())
    }

    fn n(&self, value: u64) -> String {
        self.shown.number(value)
    }

    /// The end of the range of `count` units at `from`, which must not lie behind `limit`.
    fn end(&self, from: u64, limit: u64) -> Result<u64, u64> {
        let end = from.wrapping_add(self.count);
        if end < from || end > limit { Err(end) } else { Ok(end) }
    }

    fn block_range(&mut self, from: u64) -> Result<std::ops::Range<u64>, Errno> {
        match self.end(from, self.disk.max_blocks()) {
            Ok(end) => Ok(from..end),
            Err(end) => {
                let end = self.n(end);
                complain!(self.console, "block {end} past end of file\n");
                Err(Errno::RANGE)
            }
        }
    }

    /// Where a block lies; blocks behind the end of the disk are not anywhere.
    fn place(&mut self, block: u64) -> Result<Option<FileSector>, Errno> {
        let block = u32::try_from(block).map_err(|_| Errno::RANGE)?;
        Ok(self.bat.entry(&self.disk.file, BlockIndex(block))?)
    }

    /// As [`Self::place`], for a block that the disk must have.
    fn place_on_disk(&mut self, block: u64) -> Result<Option<FileSector>, Errno> {
        if block >= u64::from(self.bat.blocks()) {
            return Err(Errno::RANGE);
        }
        self.place(block)
    }

    fn translate(&mut self, from: u64) -> Result<(), Errno> {
        let end = match self.end(from, self.disk.size() / SECTOR_SIZE) {
            Ok(end) => end,
            Err(end) => {
                let end = self.n(end);
                complain!(self.console, "sector {end} past end of file\n");
                return Err(Errno::RANGE);
            }
        };
        let per_block = self.disk.sectors_per_block();
        for sector in from..end {
            let (block, within) = (sector / per_block, sector % per_block);
            let place = self.place(block)?;
            let bitmap = self.disk.bitmap_size();
            let offset = place.map(|p| p.offset() + bitmap + within * SECTOR_SIZE);
            let offset = offset.map_or("not allocated".to_owned(), |o| self.n(o));
            let (sector, block, within) = (self.n(sector), self.n(block), self.n(within));
            say!(self.console, "logical sector {sector}: block number: {block}, ");
            say!(self.console, "sector offset: {within}, file offset: {offset}\n");
        }
        Ok(())
    }

    fn entries(&mut self, from: u64) -> Result<(), Errno> {
        let range = self.block_range(from)?;
        for block in range.start..range.end.min(u64::from(self.bat.blocks())) {
            let offset = self.place(block)?.map_or("not allocated".to_owned(), |p| self.n(p.offset()));
            let block = self.n(block);
            say!(self.console, "block: {block}: offset: {offset}\n");
        }
        Ok(())
    }

    /// A bit for each whole block of the disk.
    fn table(&mut self) -> Result<(), Errno> {
        let blocks = self.disk.size() / (self.disk.sectors_per_block() * SECTOR_SIZE);
        let mut bits = vec![0u8; usize::try_from(blocks.div_ceil(8)).map_err(|_| Errno::NOMEM)?];
        self.disk.for_each_block(|block, _| {
            if u64::from(block.0) < blocks {
                bits[block.0 as usize / 8] |= 0x80 >> (block.0 % 8);
            }
        })?;
        self.console.bytes(&bits);
        Ok(())
    }

    fn bitmaps(&mut self, from: u64) -> Result<(), Errno> {
        for block in self.block_range(from)? {
            match self.place_on_disk(block)? {
                Some(place) => {
                    let bitmap = self.disk.bitmap(place)?;
                    self.console.bytes(&bitmap);
                }
                None => self.not_allocated(block),
            }
        }
        Ok(())
    }

    fn not_allocated(&mut self, block: u64) {
        let block = self.n(block);
        say!(self.console, "block {block} not allocated\n");
    }

    fn sector_range(&mut self, from: u64) -> Result<std::ops::Range<u64>, Errno> {
        match self.end(from, self.disk.size() / SECTOR_SIZE) {
            Ok(end) => Ok(from..end),
            Err(_) => {
                let from = self.n(from);
                say!(self.console, "sector {from} past end of file\n");
                Err(Errno::RANGE)
            }
        }
    }

    /// The bitmap of the block that a sector is in.
    fn bitmap_of(&mut self, block: u64) -> Result<Option<Vec<u8>>, Errno> {
        self.place(block)?.map(|place| self.disk.bitmap(place)).transpose()
    }

    fn bits(&mut self, from: u64) -> Result<(), Errno> {
        let per_block = self.disk.sectors_per_block();
        let mut bitmap = (u64::MAX, None);
        for sector in self.sector_range(from)? {
            let (block, within) = (sector / per_block, sector % per_block);
            if bitmap.0 != block {
                bitmap = (block, self.bitmap_of(block)?);
            }
            let set = bitmap.1.as_ref().is_some_and(|bits| bit(bits, within));
            let (block, within) = (self.n(block), self.n(within));
            say!(self.console, "block {block}: sec: {within}: {}\n", u8::from(set));
        }
        Ok(())
    }

    fn extents(&mut self, from: u64) -> Result<(), Errno> {
        let per_block = self.disk.sectors_per_block();
        let range = self.sector_range(from)?;
        let (mut at, mut start, mut length) = (range.start, 0, 0);
        while at < range.end {
            let (block, end) = (at / per_block, (at / per_block + 1) * per_block);
            let bitmap = match self.bitmap_of(block) {
                Ok(bitmap) => bitmap.unwrap_or_default(),
                Err(error) => {
                    self.extent(start, length);
                    return Err(error);
                }
            };
            let end = end.min(range.end);
            while at < end {
                let set = bit(&bitmap, at % per_block);
                let run = (at..end).take_while(|s| bit(&bitmap, s % per_block) == set).count() as u64;
                if set && length > 0 && start + length == at {
                    length += run;
                } else if set {
                    self.extent(start, length);
                    (start, length) = (at, run);
                }
                at += run;
            }
        }
        self.extent(start, length);
        Ok(())
    }

    fn extent(&mut self, start: u64, length: u64) {
        if length > 0 {
            let (start, length) = (self.n(start), self.n(length));
            say!(self.console, "{start} {length}\n");
        }
    }

    fn batmap(&mut self) -> Result<(), Errno> {
        let batmap = self.disk.batmap().and_then(|b| b.ok_or(Errno::INVAL));
        let batmap = batmap.inspect_err(|e| say!(self.console, "failed to read batmap: {e}\n"))?;
        let mut at = batmap.header.offset.get();
        let mut piece = [0; 512];
        while at < batmap.end() {
            super::disk::read(&self.disk.file, &mut piece, at)?;
            self.console.bytes(&piece);
            at += SECTOR_SIZE;
        }
        Ok(())
    }

    fn batmap_bits(&mut self, from: u64) -> Result<(), Errno> {
        let range = self.block_range(from)?;
        let batmap = self.disk.batmap().and_then(|b| b.ok_or(Errno::INVAL));
        let batmap = batmap.inspect_err(|_| complain!(self.console, "failed to get batmap\n"))?;
        for block in range {
            let mut byte = [0];
            let at = batmap.header.offset.get() + block / 8;
            if at < batmap.end() {
                Storage::read_at(&self.disk.file, &mut byte, at)?;
            }
            let set = bit(&byte, block % 8);
            let block = self.n(block);
            complain!(self.console, "batmap for block {block}: {}\n", u8::from(set));
        }
        Ok(())
    }

    /// This file's own data of whole blocks.
    fn blocks(&mut self, from: u64) -> Result<(), Errno> {
        for block in self.block_range(from)? {
            let Some(place) = self.place_on_disk(block)? else {
                self.not_allocated(block);
                continue;
            };
            let start = place.offset() + self.disk.bitmap_size();
            if start >= self.disk.len {
                return Err(Errno::PIPE);
            }
            let mut data = vec![0; usize::try_from(self.disk.sectors_per_block() * SECTOR_SIZE).unwrap_or(0)];
            Storage::read_at(&self.disk.file, &mut data, start)?;
            self.console.bytes(&data);
        }
        Ok(())
    }

    fn guest(&mut self) -> Result<Guest, Errno> {
        let how = Opening { disabled: true, ..Opening::default() };
        Guest::new(
            Disk::open(&self.disk.path, how)
                .or_else(|_| Disk::open(&self.disk.path, Opening { fast: true, ..how }))?,
        )
    }

    fn sectors(&mut self, from: u64) -> Result<(), Errno> {
        let end = self.end(from, self.disk.size() / SECTOR_SIZE).map_err(|_| Errno::RANGE)?;
        let (mut guest, mut at) = (self.guest()?, from);
        let mut buf = Vec::new();
        while at < end {
            let run = PIECE.min(end - at);
            buf.resize(usize::try_from(run * SECTOR_SIZE).unwrap_or(0), 0);
            guest.read(at, &mut buf)?;
            self.console.bytes(&buf);
            at += run;
        }
        Ok(())
    }

    fn bytes(&mut self, from: u64) -> Result<(), Errno> {
        let end = self.end(from, self.disk.size()).map_err(|_| Errno::RANGE)?;
        let (mut guest, mut at) = (self.guest()?, from);
        let mut buf = Vec::new();
        while at < end {
            let first = at / SECTOR_SIZE;
            let run = PIECE.min(end.div_ceil(SECTOR_SIZE) - first);
            buf.resize(usize::try_from(run * SECTOR_SIZE).unwrap_or(0), 0);
            guest.read(first, &mut buf)?;
            let stop = end.min((first + run) * SECTOR_SIZE);
            let index = |byte: u64| usize::try_from(byte - first * SECTOR_SIZE).unwrap_or(usize::MAX);
            self.console.bytes(&buf[index(at)..index(stop)]);
            at = stop;
        }
        Ok(())
    }
}
