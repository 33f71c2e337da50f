//! Repairing by hand what can be repaired without losing anything.

use std::fs::File;
use std::path::Path;

use serde::Serialize;

use super::checkup::{Depth, FileCheckup, check_file};
use super::context::Context;
use super::error::Error;
use crate::os;
use crate::vhd;

/// What a repair came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// Whether a footer was rewritten.
    pub changed: bool,
    /// What is wrong now: what no repair mends.
    pub after: FileCheckup,
}

/// Rewrites a damaged footer of the image at `path` from the good one.
///
/// # Errors
/// Neither footer is good, the file is shorter than its BAT claims, or it cannot be written.
pub fn repair(path: &Path, ctx: Context<'_>) -> Result<Repaired, Error> {
    let name = path.display().to_string();
    let opened = File::options().read(true).write(true).open(path);
    let file = opened.map_err(os::Error::at("opening", path))?;
    let changed = vhd::repair_footers(&file).map_err(Error::engine(&name))?;
    file.sync_all().map_err(os::Error::at("syncing", path))?;
    Ok(Repaired { changed, after: check_file(path, Depth::Metadata, ctx)? })
}
