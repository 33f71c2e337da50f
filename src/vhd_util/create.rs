//! `create`: a new image without a parent.

use std::ffi::OsString;
use std::path::Path;

use uuid::Uuid;

use super::console::{Console, complain, say};
use super::errno::Errno;
use super::getopt::Options;
use super::newborn::Newborn;
use super::{clock, number};
use crate::vhd::{BLOCK_SIZE, Creation, create_fixed};

pub(super) const USAGE: &str = "options: <-n name> <-s size (MB)> [-r reserve] [-h help] [<-S size (MB) for metadata preallocation (see vhd-util resize)>]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("create", "n:s:S:rh", args, console);
    let (mut name, mut size, mut room, mut fixed) = (None, None, None, false);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            's' => size = Some(number::unsigned(&option.text())),
            'S' => room = Some(number::unsigned(&option.text())),
            'r' => fixed = true,
            _ => return super::usage(console, USAGE),
        }
    }
    let asked = size.or(room).is_some() && options.operands.is_empty();
    let Some(name) = name.filter(|_| asked) else { return super::usage(console, USAGE) };
    let (size, room) = (bytes(size.unwrap_or(0)), room.map(bytes));
    if room.is_some_and(|room| room < size) {
        say!(console, "Error: <-S size> must be greater than <-s size>\n");
        return Err(Errno::INVAL);
    }
    let path = Path::new(&name);
    let make = || {
        require_sane(size.max(room.unwrap_or(0)))?;
        let newborn = Newborn::create(path)?;
        let (uuid, now) = (Uuid::new_v4(), clock::now());
        if fixed {
            create_fixed(newborn.file(), size, uuid, now)?;
        } else {
            Creation { size, room: room.unwrap_or(0), uuid, now, parent: None }.create(newborn.file())?;
        }
        newborn.keep();
        Ok(())
    };
    make().inspect_err(|e: &Errno| complain!(console, "{}: failed to create: {e}\n", path.display()))
}

/// Bytes of a size in MiB, rounded up to whole blocks. Numbers beyond 64 bits wrap around, as they do in C.
pub(super) fn bytes(mib: u64) -> u64 {
    whole_blocks(mib.wrapping_shl(20))
}

/// `size` rounded up to whole blocks; what does not fit 64 bits then is nothing.
pub(super) fn whole_blocks(size: u64) -> u64 {
    size.checked_next_multiple_of(u64::from(BLOCK_SIZE)).unwrap_or(0)
}

/// Refuses a disk whose metadata alone would fill the host: a file can hold 2 TiB of data, whatever its disk is.
pub(super) fn require_sane(size: u64) -> Result<(), Errno> {
    const LARGEST: u64 = 128 << 40;
    if size <= LARGEST { Ok(()) } else { Err(Errno::NOMEM) }
}
