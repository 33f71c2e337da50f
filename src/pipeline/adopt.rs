//! A directory of VHDs, as a migration leaves it on the target host, becomes a chain of VDIs.

use std::path::PathBuf;

use super::carried::Carried;
use super::context::Context;
use super::decode::{StagedMember, Unpacked};
use super::duplicate::duplicate;
use super::error::Error;
use super::examine::{Tolerance, examine};
use super::identify::Identities;
use super::import::settle;
use super::once::{Begun, Call};
use super::progress::Stage;
use super::report::Imported;
use super::sequence;
use crate::os::{self, Dir};
use crate::sr::{Repository, Staging};
use crate::transport::Origin;
use crate::vhd;

/// Which directory to adopt.
#[derive(Debug, Clone)]
pub struct Adopt {
    /// The directory; it is removed when its chain has landed.
    pub directory: PathBuf,
    /// Uuids for the links.
    pub uuids: Identities,
}

impl Adopt {
    /// Brings the VHDs of the directory into `sr`.
    ///
    /// Their storage is shared where the file system can, so that the directory is as it was if anything fails. Where it
    /// cannot, the files get a second name while they are worked on: a failure may leave them relinked, or with one
    /// footer changed and the other not yet; their data is what it was, and the caller may try again.
    ///
    /// # Errors
    /// Whatever is wrong with directory, chain or SR. Nothing is left in the SR then.
    pub fn run(&self, sr: &Repository, ctx: Context<'_>) -> Result<Imported, Error> {
        let name = self.directory.display().to_string();
        let call = Call::new(&["adopt"], Origin::of_directory(&self.directory)?, &self.uuids);
        let staging = match call.begin(sr, &self.uuids)? {
            Begun::Before(answer) => {
                // What is left of it was there when it was adopted.
                self.clear(&name);
                return Ok(answer);
            }
            Begun::Staging(staging) => staging,
        };
        let source = Dir::open(&self.directory)?;
        let unpacked = stage(&source, staging, sr, ctx)?;
        let chain = sequence::order(unpacked, &name)?;
        let chain = examine(chain, Tolerance::default(), ctx)?;
        let imported = settle(chain, &self.uuids, &call, sr, false, ctx)?;
        self.clear(&name);
        Ok(imported)
    }

    /// Removes the directory. The chain is in: failing now would make the caller import it again.
    fn clear(&self, name: &str) {
        match os::again(|| std::fs::remove_dir_all(&self.directory)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(directory = %name, %error, "the chain is in the SR, but its directory is left");
            }
            _ => {}
        }
    }
}

fn stage(source: &Dir, staging: Staging, sr: &Repository, ctx: Context<'_>) -> Result<Unpacked, Error> {
    ctx.stage(Stage::Duplicate, None)?;
    let (mut members, mut pinned, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for name in source.names()? {
        let Some(name) = name.to_str().filter(|n| n.ends_with(".vhd") && *n != "swap.vhd") else { continue };
        let member = StagedMember { name: name.to_owned(), staged: format!("{}.member", members.len()) };
        bring(source, name, staging.dir(), &member.staged, sr, ctx)?;
        let file = staging.dir().open_file(&member.staged, true)?;
        // What cannot be finished is told by the examination.
        if vhd::finish_footers(&file).is_ok_and(|changed| changed) {
            notes.push(format!("{name}: a change of its footers had been stopped half-way; it was finished"));
        }
        members.push(member);
        pinned.push(file);
    }
    Ok(Unpacked { carried: Carried { pinned, notes, ..Carried::new(staging) }, members })
}

/// Shares the file's storage; else gives it a second name; else copies it.
///
/// A file that has a second name already is never given a third: it may be a VDI's, left from a run that was killed
/// between landing and removing, and two VDIs in one file would destroy each other.
fn bring(
    source: &Dir,
    name: &str,
    staging: &Dir,
    staged: &str,
    sr: &Repository,
    ctx: Context<'_>,
) -> Result<(), Error> {
    let from = source.open_file(name, false)?;
    let sole = source.stat(name)?.is_some_and(|s| s.st_nlink == 1);
    let to = staging.create(staged)?;
    if os::reflink(&from, &to).is_ok() {
        return Ok(());
    }
    if sole {
        staging.unlink(staged)?;
        if os::link(source, name, staging, staged).is_ok() {
            return Ok(());
        }
        let to = staging.create(staged)?;
        return duplicate(&from, &source.join(name), &to, sr, ctx).map(drop);
    }
    duplicate(&from, &source.join(name), &to, sr, ctx).map(drop)
}
