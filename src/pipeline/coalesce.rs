//! Folding a leaf into its parent, by hand.

use std::fs::File;
use std::path::Path;

use serde::Serialize;
use uuid::Uuid;

use super::context::Context;
use super::error::Error;
use super::progress::Stage;
use super::watched::Watched;
use crate::os::{self, Dir};
use crate::vhd::{self, DiskType, Field, Image, Rule, Scope};

/// What a coalesce came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coalesced {
    /// The file that holds the disk now.
    pub parent: String,
    /// Sectors that were written to it.
    pub sectors: u64,
}

/// Writes everything that `child` has of its own to its parent, which lies beside it and from then on holds the same disk.
/// The child stays as it is, so that a run that was interrupted is simply done again; removing it is the caller's.
///
/// # Errors
/// One of the two is not sound; the parent is missing, is a raw file, has other children beside it, whose disks would
/// change, or is too small; or reading or writing failed.
pub fn coalesce(child: &Path, ctx: Context<'_>) -> Result<Coalesced, Error> {
    let shown = child.display().to_string();
    let dir = Dir::open(child.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    let file = File::open(child).map_err(os::Error::at("opening", child))?;
    require_sound(&file, &shown, ctx)?;
    let watched = Watched { file: &file, seen: &|_| {} };
    let mut image = Image::open(watched).map_err(Error::engine(&shown))?;
    let refuse = |field, rule, expected: &str, found: String, image: &Image<Watched<'_>>| {
        Err(Error::image(&shown, image.finding(field, rule, expected, found)))
    };
    if image.kind() != DiskType::Differencing {
        let found = image.kind().to_string();
        return refuse(Field::DiskType, Rule::ChainType, "a differencing image", found, &image);
    }
    let name = image.header().and_then(|h| vhd::parent_name(h).ok()).unwrap_or_default();
    if name.is_empty() || name.contains('/') || dir.stat(&name)?.is_none() {
        return refuse(
            Field::ParentName,
            Rule::ParentMissing,
            "the parent beside the image",
            format!("no {name:?}"),
            &image,
        );
    }
    let parent_path = dir.join(&name).display().to_string();
    let target = dir.open_file(&name, true)?;
    require_sound(&target, &parent_path, ctx)?;
    let mut parent = Image::open(target).map_err(Error::engine(&parent_path))?;
    if image.parent_uuid() != Some(parent.uuid()) {
        let expected = format!("parent {}, as in {name}", parent.uuid());
        let found = format!("parent {}", image.parent_uuid().unwrap_or_default());
        return refuse(Field::ParentUuid, Rule::ParentUuid, &expected, found, &image);
    }
    let others = other_children(&dir, parent.uuid(), child)?;
    if !others.is_empty() {
        let expected = "no other child of the parent: its disk would change";
        return refuse(Field::Place, Rule::ParentShared, expected, others.join(", "), &image);
    }
    ctx.stage(Stage::Coalesce, Some(image.virtual_size()))?;
    let mut done = 0;
    let block = u64::from(vhd::BLOCK_SIZE);
    let sectors = image.coalesce_into(&mut parent, |index, _| {
        ctx.progress.advance((index * block).saturating_sub(done));
        done = index * block;
    });
    let sectors = sectors.map_err(Error::engine(&parent_path))?;
    parent.sync().map_err(Error::engine(&parent_path))?;
    Ok(Coalesced { parent: parent_path, sectors })
}

fn require_sound(file: &File, name: &str, ctx: Context<'_>) -> Result<(), Error> {
    let checkup = vhd::check(file, Scope::Whole, ctx.now()).map_err(Error::engine(name))?;
    Error::of_findings(name, &checkup.findings).map_or(Ok(()), Err)
}

/// The images in `dir`, but `child`, that name `parent` as theirs.
fn other_children(dir: &Dir, parent: Uuid, child: &Path) -> Result<Vec<String>, Error> {
    let mut others = Vec::new();
    for name in dir.names()? {
        let Some(name) =
            name.to_str().filter(|n| n.ends_with(".vhd") && child.file_name() != Some(n.as_ref()))
        else {
            continue;
        };
        // What cannot be opened has no disk that could change.
        let image = dir.open_file(name, false).ok().and_then(|file| Image::open(file).ok());
        if image.is_some_and(|image| image.parent_uuid() == Some(parent)) {
            others.push(name.to_owned());
        }
    }
    Ok(others)
}
