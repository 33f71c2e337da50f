//! `modify`: another parent, another length of the file, or no data at all.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;

use super::console::{Console, complain, say};
use super::disk::{Disk, Opening};
use super::errno::Errno;
use super::getopt::Options;
use super::kinship::{self, Kind};
use super::writing::{self, Work};
use crate::vhd::{self, Image, Rule};

pub(super) const USAGE: &str = "*** Dangerous operations, use with care ***\noptions: <-n name> [-p NEW_PARENT set parent [-m raw]] [-s NEW_SIZE set size] [-z zero (kill data)] [-h help]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("modify", "n:p:mzs:h", args, console);
    let (mut name, mut parent, mut size, mut kill, mut kind) = (None, None, None, false, Kind::Image);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'p' => parent = Some(option.value),
            'm' => kind = Kind::Raw,
            'z' => kill = true,
            's' => {
                let text = option.text();
                let Some(bytes) = text.parse::<u64>().ok().filter(|b| *b > 0) else {
                    complain!(console, "Invalid size '{text}'\n");
                    return super::usage(console, USAGE);
                };
                size = Some(bytes);
            }
            _ => return super::usage(console, USAGE),
        }
    }
    let Some(name) = name.filter(|_| options.operands.is_empty()) else {
        return super::usage(console, USAGE);
    };
    let work = writing::open_or_say(Path::new(&name), console)?;
    if kill {
        discard(&work).inspect_err(|e| say!(console, "failed to zero VHD: {e}\n"))?;
    }
    if let Some(size) = size {
        resize(&work, size).inspect_err(|e| say!(console, "failed to set physical size to {size}: {e}\n"))?;
    }
    if let Some(parent) = parent {
        let path = Path::new(&parent);
        set_parent(&work, path, kind)
            .inspect_err(|e| say!(console, "failed to set parent to '{}': {e}\n", path.display()))?;
    }
    Ok(())
}

fn discard(work: &Work) -> Result<(), Errno> {
    if !work.disk.is_sparse() {
        return Err(Errno::NOSYS);
    }
    work.disk.metadata_end()?;
    Ok(work.image()?.discard_all()?)
}

fn resize(work: &Work, size: u64) -> Result<(), Errno> {
    work.disk.data_end()?;
    Ok(work.image()?.set_physical_size(size)?)
}

fn set_parent(work: &Work, path: &Path, kind: Kind) -> Result<(), Errno> {
    if !work.disk.is_child() {
        return Err(Errno::INVAL);
    }
    let relation = kinship::of(&work.disk.path, path, kind)?;
    let no_loop = match kind {
        Kind::Raw => kinship::identity(path)? != work.disk.identity()?,
        Kind::Image => {
            let parent = Disk::open(path, Opening { disabled: true, ..Opening::default() })?;
            !kinship::descends_from(parent, work.disk.identity()?)
        }
    };
    if !no_loop {
        return Err(Errno::LOOP);
    }
    relink(&mut work.image()?, &relation)
}

fn relink(image: &mut Image<File>, relation: &kinship::Relation) -> Result<(), Errno> {
    match image.rewrite_parent(&relation.link, &relation.path) {
        Err(vhd::Error::Invalid(finding)) if finding.rule == Rule::LocatorRoom => Err(Errno::NAMETOOLONG),
        done => Ok(done?),
    }
}
