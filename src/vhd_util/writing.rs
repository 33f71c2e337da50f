//! Opening an image to change it: as `vhd-util` opens it, for the error code, and then as the engine does, which asks
//! for more.

use std::fs::File;
use std::path::Path;

use super::console::{Console, say};
use super::disk::{Disk, Opening};
use super::errno::Errno;
use crate::vhd::{self, Image, ParentLocator, Rule, Scope, VhdTime};

/// An image that may be changed.
pub(super) struct Work {
    /// For looking.
    pub(super) disk: Disk,
}

impl Work {
    /// The image for changing, if the engine can be brought to trust it.
    pub(super) fn image(&self) -> Result<Image<File>, Errno> {
        Ok(Image::open(self.disk.file.try_clone()?)?)
    }
}

/// Opens the image at `path` for writing.
pub(super) fn open(path: &Path) -> Result<Work, Errno> {
    Ok(Work { disk: Disk::open(path, Opening { write: true, ..Opening::default() })? })
}

/// As [`open`], and says on failure what most commands say.
pub(super) fn open_or_say(path: &Path, console: &mut Console<'_>) -> Result<Work, Errno> {
    open(path).inspect_err(|error| say!(console, "error opening {}: {error}\n", path.display()))
}

/// Refuses an image whose blocks are not where blocks may be: their data is not what it seems, and writing to it would
/// destroy other data.
pub(super) fn require_sound(disk: &Disk) -> Result<(), Errno> {
    let lost = |l: &&ParentLocator| {
        l.code.get() != 0 && l.data_offset.get().checked_add(l.space()).is_none_or(|end| end > disk.len)
    };
    if disk.header.iter().flat_map(|h| &h.locators).any(|l| lost(&l)) {
        return Err(Errno::INVAL);
    }
    let checkup = vhd::check(&disk.file, Scope::Body, VhdTime(u32::MAX))?;
    let broken = |rule: Rule| {
        matches!(
            rule,
            Rule::BlockInMetadata
                | Rule::BlockPastEnd
                | Rule::BlockOverlap
                | Rule::BatSize
                | Rule::MetadataOverlap
                | Rule::TableOffset
        )
    };
    if checkup.findings.list.iter().any(|f| broken(f.rule)) { Err(Errno::INVAL) } else { Ok(()) }
}
