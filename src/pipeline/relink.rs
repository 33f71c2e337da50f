//! Fifth stage: the links name each other by the names that they will have in the SR.
//!
//! Written are the geometry where it is larger than the disk, the hidden flags, and, from the base up, the names of the
//! parents. Guest data is not touched.

use super::context::Context;
use super::error::Error;
use super::identify::{Identified, Link};
use crate::vhd::Image;

/// A chain whose links name each other by their final names.
#[derive(Debug)]
pub(crate) struct Relinked(pub(crate) Identified);

/// Makes one chain of this SR of `chain`'s links; from the base up, so that a child is linked to a parent that will not
/// change any more.
pub(crate) fn link(mut chain: Identified, ctx: Context<'_>) -> Result<Relinked, Error> {
    let dir = chain.carried.staging.dir();
    let mut parent: Option<&Link> = None;
    for (index, link) in chain.links.iter().enumerate().rev() {
        let path = dir.join(&link.file_name());
        let file = dir.open_file(&link.file_name(), true)?;
        let mut image = Image::open(file).map_err(Error::engine(&link.source))?;
        if image.normalise_geometry().map_err(Error::engine(&link.source))? {
            chain.carried.notes.push(format!("{}: the geometry was set to that of its size", link.source));
        }
        let hidden = index > 0;
        if image.is_hidden() != hidden {
            ctx.tool.set_hidden(&path, hidden).map_err(Error::tool(&link.source))?;
        }
        if let Some(parent) = parent {
            let parent = dir.join(&parent.file_name());
            ctx.tool.set_parent(&path, &parent).map_err(Error::tool(&link.source))?;
        }
        parent = Some(link);
    }
    Ok(Relinked(chain))
}
