//! `copy`: a new image with the data of a dynamic one.

use std::ffi::OsString;
use std::path::Path;

use uuid::Uuid;

use super::clock;
use super::console::{Console, complain, say};
use super::create::whole_blocks;
use super::disk::{Disk, Opening};
use super::errno::Errno;
use super::getopt::Options;
use super::guest::Guest;
use super::newborn::Newborn;
use crate::vhd::{BlockIndex, Creation, DiskType, SECTOR_SIZE, Sector};

pub(super) const USAGE: &str =
    "options: -n <name> -N <new VHD name> [-k <keyfile> | -E (pass encryption key on stdin)] [-h help] \n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("copy", "n:N:k:Eh", args, console);
    let (mut name, mut new, mut encrypted) = (None, None, false);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'N' => new = Some(option.value),
            'k' | 'E' => encrypted = true,
            _ => return super::usage(console, USAGE),
        }
    }
    let (Some(name), Some(new)) = (name, new) else {
        complain!(console, "Must supply both existing and new VHD names\n");
        return super::usage(console, USAGE);
    };
    if encrypted {
        complain!(console, "encryption is not supported\n");
        return Err(Errno::NOSYS);
    }
    let (path, target) = (Path::new(&name), Path::new(&new));
    if std::fs::symlink_metadata(target).is_ok() {
        say!(console, "VHD file {} already exists, chose a different name\n", target.display());
        return Err(Errno::INVAL);
    }
    let disk = Disk::open(path, Opening::default())
        .inspect_err(|e| say!(console, "error opening {}: {e}\n", path.display()))?;
    if disk.kind() != Some(DiskType::Dynamic) {
        say!(console, "error creating {}: {}\n", target.display(), Errno::INVAL);
        return Err(Errno::INVAL);
    }
    disk.data_end()?;
    super::writing::require_sound(&disk)?;
    let newborn = Newborn::create(target)
        .inspect_err(|e| say!(console, "error creating {}: {e}\n", target.display()))?;
    blocks(disk, &newborn, console)?;
    newborn.keep();
    Ok(())
}

/// Copies every allocated block, whole.
fn blocks(disk: Disk, newborn: &Newborn, console: &mut Console<'_>) -> Result<(), Errno> {
    let size = whole_blocks(disk.size());
    let wanted = Creation { size, room: 0, uuid: Uuid::new_v4(), now: clock::now(), parent: None };
    let mut image = wanted.create(newborn.file())?;
    let mut bat = disk.bat()?;
    let (per_block, block_count) = (disk.sectors_per_block(), bat.blocks());
    let (name, file) = (disk.path.clone(), disk.file.try_clone()?);
    let mut guest = Guest::new(disk)?;
    let mut buf = vec![0; usize::try_from(per_block * SECTOR_SIZE).unwrap_or(0)];
    for block in (0..block_count).map(BlockIndex) {
        if bat.entry(&file, block)?.is_none() {
            continue;
        }
        let start = u64::from(block.0) * per_block;
        let copied = guest.read(start, &mut buf).and_then(|()| Ok(image.write(Sector(start), &buf)?));
        copied.inspect_err(|e| {
            say!(console, "Failed to copy block {} of {}: {e}\n", block.0, name.display());
        })?;
    }
    Ok(())
}
