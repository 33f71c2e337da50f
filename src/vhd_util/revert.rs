//! `revert`: an image as it was before a resize that did not end.

use std::ffi::OsString;
use std::path::Path;

use super::console::{Console, say};
use super::disk;
use super::errno::Errno;
use super::getopt::Options;
use crate::vhd::Undo;

pub(super) const USAGE: &str = "options: <-n name> <-j journal> [-h help]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("revert", "n:j:h", args, console);
    let (mut name, mut journal) = (None, None);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'j' => journal = Some(option.value),
            _ => return super::usage(console, USAGE),
        }
    }
    let (Some(name), Some(journal)) = (name, journal) else { return super::usage(console, USAGE) };
    if !options.operands.is_empty() {
        return super::usage(console, USAGE);
    }
    let journal = Path::new(&journal);
    let undo = disk::open_file(journal, true)
        .and_then(|file| Ok(Undo::open(file)?))
        .inspect_err(|e| say!(console, "opening journal failed: {e}\n"))?;
    disk::open_file(Path::new(&name), true)
        .and_then(|file| Ok(undo.apply(&file)?))
        .inspect_err(|e| say!(console, "reverting journal failed: {e}\n"))?;
    std::fs::remove_file(journal)
        .map_err(Errno::from)
        .inspect_err(|e| say!(console, "removing journal failed: {e}\n"))
}
