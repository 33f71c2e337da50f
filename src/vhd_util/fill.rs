//! `fill`: every block of an image allocated, with the data that it reads as.

use std::ffi::OsString;
use std::path::Path;

use super::console::{Console, say};
use super::disk::{Disk, Opening};
use super::errno::Errno;
use super::getopt::Options;
use super::guest::Guest;
use super::number;
use super::writing::{self, Work};
use crate::vhd::{SECTOR_SIZE, Sector};

pub(super) const USAGE: &str = "options: <-n name> [-h help] [-b initialise the BAT and bitmaps, don't write to the data blocks (much faster)] [-f start intialisation from this sector, only usable with -b] [-t intialise up to this sector (inclusive), only usable with -b] [-B ignore the 2 TB limit, only usable with -b]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("fill", "n:bf:t:Bh", args, console);
    let (mut name, mut bitmaps, mut from, mut to, mut beyond) = (None, false, None, None, false);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'b' => bitmaps = true,
            'f' => from = Some(number::unsigned(&option.text())),
            't' => to = Some(number::unsigned(&option.text())),
            'B' => beyond = true,
            _ => return super::usage(console, USAGE),
        }
    }
    let Some(name) = name.filter(|_| options.operands.is_empty()) else {
        return super::usage(console, USAGE);
    };
    if !bitmaps && (from.is_some() || to.is_some()) {
        say!(console, "-f/-t can only be used with -b\n");
        return super::usage(console, USAGE);
    }
    if !bitmaps && beyond {
        say!(console, "-B can only be used with -b\n");
        return super::usage(console, USAGE);
    }
    if let (from, Some(to)) = (from.unwrap_or(0), to)
        && from > to
    {
        say!(console, "invalid sector range {from}-{to}\n");
        return super::usage(console, USAGE);
    }
    let work = writing::open_or_say(Path::new(&name), console)?;
    if !work.disk.is_sparse() {
        return Err(Errno::INVAL);
    }
    work.disk.data_end()?;
    writing::require_sound(&work.disk)?;
    if bitmaps { allocate(&work, from.unwrap_or(0), to) } else { write(&work) }
}

/// Gives every block from one sector to another its place. The disk reads as before.
fn allocate(work: &Work, from: u64, to: Option<u64>) -> Result<(), Errno> {
    let (per_block, blocks) = (work.disk.sectors_per_block(), u64::from(work.disk.bat()?.blocks()));
    let end = to.map_or(blocks, |to| (to / per_block + 1).min(blocks));
    let index = |block: u64| u32::try_from(block).map_err(|_| Errno::RANGE);
    Ok(work.image()?.allocate(index(from / per_block)?..index(end)?)?)
}

/// Reads every block and writes it again, whole.
fn write(work: &Work) -> Result<(), Errno> {
    let mut guest = Guest::new(Disk::open(&work.disk.path, Opening::default())?)?;
    let mut image = work.image()?;
    let (per_block, sectors) = (work.disk.sectors_per_block(), work.disk.size() / SECTOR_SIZE);
    let mut buf = Vec::new();
    for block in 0..sectors.div_ceil(per_block) {
        let (start, end) = (block * per_block, ((block + 1) * per_block).min(sectors));
        buf.resize(usize::try_from((end - start) * SECTOR_SIZE).unwrap_or(0), 0);
        guest.read(start, &mut buf)?;
        image.write(Sector(start), &buf)?;
    }
    Ok(())
}
