//! Copying a file into the SR: into room that is there.

use std::fs::File;
use std::path::Path;

use super::context::Context;
use super::error::Error;
use crate::os::{self, Duplication};
use crate::sr::Repository;

/// Copies `from`, which is called `path`, into the empty file `to` in `sr`. Shared storage takes no room; what has to be
/// copied must fit, and leave the reserve.
pub(crate) fn duplicate(
    from: &File,
    path: &Path,
    to: &File,
    sr: &Repository,
    ctx: Context<'_>,
) -> Result<Duplication, Error> {
    let metadata = from.metadata().map_err(os::Error::at("examining", path))?;
    if os::reflink(from, to).is_ok() {
        ctx.progress.advance(metadata.len());
        return Ok(Duplication::Reflink);
    }
    let needed = os::occupied(&metadata);
    sr.require_room(needed)?;
    let copied = os::duplicate(from, to, |n| ctx.progress.advance(n));
    Ok(copied.map_err(os::Error::at("copying", path)).map_err(|error| sr.explain_full(needed, error))?)
}
