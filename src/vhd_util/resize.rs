//! `resize`: a larger disk, within the room that its metadata has, or with a journal.

use std::ffi::OsString;
use std::path::Path;

use super::console::{Console, say};
use super::create::bytes;
use super::disk;
use super::errno::Errno;
use super::getopt::Options;
use super::newborn::Newborn;
use super::number;
use super::writing::{self, Work};
use crate::vhd::{DiskType, ParentLocator, Undo};

pub(super) const USAGE: &str = "options: <-n name> <-s size (in MB)> (<-j journal>|<-f fast>) [-h help]\n\nThe resize operation can only be performed offline and must be journaled because resizing the metadata might require moving data blocks. However, if a VHD was created with -S <msize> option (during vhd-util create/snapshot), which preallocates the metadata for growing the VHD up to size <msize>, then resizing such a VHD up to <msize> can be performed online without journaling (-f option).\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("resize", "n:s:j:fh", args, console);
    let (mut name, mut size, mut journal, mut fast) = (None, None, None, false);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            's' => size = Some(number::unsigned(&option.text())),
            'j' => journal = Some(option.value),
            'f' => fast = true,
            _ => return super::usage(console, USAGE),
        }
    }
    let (Some(name), Some(size)) = (name, size) else { return super::usage(console, USAGE) };
    if fast == journal.is_some() || !options.operands.is_empty() {
        return super::usage(console, USAGE);
    }
    let (path, size) = (Path::new(&name), bytes(size));
    let work = writing::open_or_say(path, console)?;
    if work.disk.footer.tap_version().is_none() {
        say!(console, "{} not created by xen; resize not supported\n", path.display());
        return Err(Errno::INVAL);
    }
    match journal {
        None => in_place(&work, size, console),
        Some(journal) => journaled(&work, size, Path::new(&journal), console),
    }
}

fn in_place(work: &Work, size: u64, console: &mut Console<'_>) -> Result<(), Errno> {
    let now = work.disk.size();
    if work.disk.kind() == Some(DiskType::Fixed) {
        return Err(Errno::INVAL);
    }
    if size < now {
        say!(console, "{}: size ({size}) < curr size ({now})\n", work.disk.path.display());
        return Err(Errno::INVAL);
    }
    if size == now {
        return Ok(());
    }
    work.disk.data_end()?;
    writing::require_sound(&work.disk)?;
    Ok(work.image()?.grow_in_place(size)?)
}

fn journaled(work: &Work, size: u64, path: &Path, console: &mut Console<'_>) -> Result<(), Errno> {
    let now = work.disk.size();
    if size == now && work.disk.is_sparse() {
        return Ok(());
    }
    let ready = || {
        if !work.disk.is_sparse() {
            return Err(Errno::INVAL);
        }
        // The journal keeps the footer at the end and the copy: both have to be what they should be.
        let end = work.disk.data_end()?;
        let len = work.disk.len;
        let primary = disk::footer_at(&work.disk.file, len.saturating_sub(512))?;
        let copy = disk::footer_at(&work.disk.file, 0)?;
        let roomless = |l: &ParentLocator| l.code.get() != 0 && l.space() == 0;
        if work.disk.header()?.locators.iter().any(roomless) {
            return Err(Errno::INVAL);
        }
        if !disk::believable(&primary) || !disk::believable(&copy) || end + 512 > len {
            return Err(Errno::INVAL);
        }
        Newborn::create(path)
    };
    let journal = ready().inspect_err(|e| say!(console, "creating journal failed: {e}\n"))?;
    if size < now {
        say!(console, "dynamic shrink not fully implemented\n");
        say!(console, "resize failed: {}\n", Errno::NOSYS);
        return Err(Errno::NOSYS);
    }
    let grown = writing::require_sound(&work.disk)
        .and_then(|()| work.image())
        .and_then(|image| Ok(image.grow(size, journal.file())?));
    let Err(error) = grown else { return Ok(()) };
    say!(console, "resize failed: {error}\n");
    // A journal in force means that the image was touched: put it back, and keep the journal if that fails too.
    if let Ok(undo) = Undo::open(journal.file())
        && undo.apply(&work.disk.file).is_err()
    {
        say!(console, "reverting journal failed; revert it with the journal that was kept\n");
        journal.keep();
    }
    Err(error)
}
