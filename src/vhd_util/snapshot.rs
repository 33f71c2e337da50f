//! `snapshot`: a new, empty child of an image.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::console::{Console, complain, say};
use super::create::{bytes, require_sane, whole_blocks};
use super::disk::{Disk, Opening};
use super::errno::Errno;
use super::getopt::Options;
use super::kinship::{self, Kind};
use super::marker::KeyHash;
use super::newborn::Newborn;
use super::parent::{self, Above, Climb};
use super::{clock, marker, number};
use crate::vhd::Creation;

pub(super) const USAGE: &str = "options: <-n name> <-p parent name> [-l snapshot depth limit] [-m parent_is_raw] [-S size (MB) for metadata preallocation (see vhd-util resize)] [-e link to supplied parent name even if it's empty] [-h help]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("snapshot", "n:p:S:l:meh", args, console);
    let (mut name, mut above, mut room, mut limit) = (None, None, None, 0);
    let (mut kind, mut skip_empty) = (Kind::Image, true);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'p' => above = Some(option.value),
            'S' => room = Some(bytes(number::unsigned(&option.text()))),
            'l' => limit = number::signed(&option.text()),
            'm' => kind = Kind::Raw,
            'e' => skip_empty = false,
            'h' => {
                say!(console, "{USAGE}");
                return Ok(());
            }
            _ => return super::usage(console, USAGE),
        }
    }
    let (Some(name), Some(above)) = (name, above) else { return super::usage(console, USAGE) };
    if !options.operands.is_empty() {
        return super::usage(console, USAGE);
    }
    let stem = Stem::find(Path::new(&above), kind, skip_empty, limit, console)?;
    if room.is_some_and(|room| room < stem.size) {
        return Err(Errno::INVAL);
    }
    require_sane(stem.size.max(room.unwrap_or(0)))?;
    let path = Path::new(&name);
    stem.grow(path, room.unwrap_or(0))
        .inspect_err(|e| complain!(console, "{}: failed to create: {e}\n", path.display()))
}

/// What the new image grows from.
struct Stem {
    path: PathBuf,
    kind: Kind,
    size: u64,
    key: Option<KeyHash>,
}

impl Stem {
    /// Looks at the parent that was asked for, and finds the one to link to.
    fn find(
        path: &Path,
        kind: Kind,
        skip_empty: bool,
        limit: i64,
        console: &mut Console<'_>,
    ) -> Result<Self, Errno> {
        if kind == Kind::Raw {
            let file = super::disk::open_file(path, false)?;
            return Ok(Self {
                path: path.to_owned(),
                kind,
                size: crate::vhd::Storage::len(&file)?,
                key: None,
            });
        }
        let disk = Disk::open(path, Opening::default())?;
        let (mut size, key) = (disk.size(), marker::key_hash(&disk)?);
        let above = if skip_empty { first_with_data(disk)? } else { Above::Image(Box::new(disk)) };
        let (path, kind) = match above {
            Above::Image(disk) => {
                Self::require_room(&disk, limit, console)?;
                (disk.path, Kind::Image)
            }
            Above::Raw(path) => {
                size = whole_blocks(size);
                (path, Kind::Raw)
            }
            Above::Nothing => return Err(Errno::INVAL),
        };
        Ok(Self { path, kind, size, key })
    }

    /// Refuses a child that would make the chain longer than `limit`; 0 is no limit.
    fn require_room(disk: &Disk, limit: i64, console: &mut Console<'_>) -> Result<(), Errno> {
        if limit <= 0 {
            return Ok(());
        }
        let depth =
            parent::depth(disk).inspect_err(|e| say!(console, "error checking snapshot depth: {e}\n"))?;
        if i64::from(depth) + 1 > limit {
            say!(console, "snapshot depth exceeded: current depth: {depth}, limit: {limit}\n");
            return Err(Errno::NOSPC);
        }
        Ok(())
    }

    /// Makes the image at `path`.
    fn grow(&self, path: &Path, room: u64) -> Result<(), Errno> {
        let relation = kinship::of(path, &self.path, self.kind)?;
        let newborn = Newborn::create(path)?;
        let wanted = Creation {
            size: self.size,
            room,
            uuid: Uuid::new_v4(),
            now: clock::now(),
            parent: Some((&relation.link, &relation.path)),
        };
        let mut image = wanted.create(newborn.file())?;
        if let Some(key) = &self.key {
            image.set_key_hash(key.nonce, key.hash)?;
        }
        newborn.keep();
        Ok(())
    }
}

/// The first image from `disk` upwards that has data of its own; the base, when none has.
fn first_with_data(disk: Disk) -> Result<Above, Errno> {
    let mut climb = Climb::from(&disk)?;
    let mut disk = disk;
    while disk.is_child() && disk.allocated()? == 0 {
        disk = match climb.above(&disk, Opening::default())? {
            Above::Image(parent) => *parent,
            raw @ Above::Raw(_) => return Ok(raw),
            Above::Nothing => break,
        };
    }
    Ok(Above::Image(Box::new(disk)))
}
