//! `repair`: both footers from the good one.

use std::ffi::OsString;
use std::path::Path;

use uuid::Uuid;

use super::console::{Console, say};
use super::disk::{Disk, Opening};
use super::errno::Errno;
use super::getopt::Options;
use crate::vhd::Repair;

pub(super) const USAGE: &str = "options: <-n name> <-b use the back-up footer> [-h help]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("repair", "n:bh", args, console);
    let (mut name, mut by_copy) = (None, false);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'b' => by_copy = true,
            _ => return super::usage(console, USAGE),
        }
    }
    let Some(name) = name.filter(|_| options.operands.is_empty()) else {
        return super::usage(console, USAGE);
    };
    let path = Path::new(&name);
    let disk = Disk::open(path, Opening { write: true, by_copy, ..Opening::default() })
        .inspect_err(|error| say!(console, "error opening {}: {error}\n", path.display()))?;
    let repair = Repair { by_copy, fresh_uuid: Some(Uuid::new_v4()) };
    let outcome = disk.data_end().and_then(|_| Ok(repair.apply(&disk.file)?));
    outcome.map(|_| ()).inspect_err(|error| say!(console, "error writing footer: {error}\n"))
}
