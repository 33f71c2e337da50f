//! First stage of an import: the stream becomes files in staging, zeros become holes, the digests are known.

use std::path::Path;

use super::archive::{Member, Reading, read_members};
use super::carried::Carried;
use super::content::drain;
use super::context::Context;
use super::error::Error;
use super::progress::Stage;
use crate::os;
use crate::sr::{Repository, Staging};
use crate::stream::{Algorithm, SparseWriter};
use crate::transport::Source;

/// A VHD in staging: what it was called where it came from, and what it is called here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StagedMember {
    pub(crate) name: String,
    pub(crate) staged: String,
}

/// An image in staging, in the order in which its members came.
#[derive(Debug)]
pub(crate) struct Unpacked {
    pub(crate) carried: Carried,
    pub(crate) members: Vec<StagedMember>,
}

/// Reads `source` to its end into `staging`. Files there are named by us: a name in an archive never reaches the SR.
pub(crate) fn unpack(
    source: Source,
    digests: &[Algorithm],
    staging: Staging,
    sr: &Repository,
    ctx: Context<'_>,
) -> Result<Unpacked, Error> {
    ctx.stage(Stage::Unpack, source.size())?;
    let archive = source.name().to_owned();
    let mut members: Vec<StagedMember> = Vec::new();
    let mut pinned = Vec::new();
    let mut load = Load { sr, before: 0, looked: 0 };
    let how = Reading { threads: ctx.threads, digests, passed: &|n| ctx.progress.advance(n) };
    let contents = read_members(source, &how, &mut |mut member| {
        if members.iter().any(|m| m.name == member.name) {
            let (problem, expected) = ("duplicate member", "every name once".into());
            return Err(Error::Archive {
                archive: archive.clone(),
                problem,
                expected,
                found: format!("{:?} again", member.name),
            });
        }
        let staged = format!("{}.member", members.len());
        // OpenStack images may hold a swap disk of old; it is made anew on the fly.
        if member.name == SWAP {
            drain(member.bytes).map_err(Error::stream(&archive))?;
        } else {
            let path = staging.dir().join(&staged);
            sr.require_room(member.stored.unwrap_or_default())?;
            let mut writer = SparseWriter::new(staging.dir().create(&staged)?);
            copy(&mut member, &mut writer, &mut load, &archive, &path)?;
            let written = writer.finish().map_err(os::Error::at("writing", &path));
            let written = written.map_err(|error| load.full(member.stored, error))?;
            load.before += written.data;
            pinned.push(written.file);
        }
        members.push(StagedMember { name: member.name, staged });
        Ok(())
    })?;
    members.retain(|m| m.name != SWAP);
    tracing::info!(container = contents.container, members = members.len(), "unpacked");
    let carried = Carried { digests: Some(contents.digests), pinned, ..Carried::new(staging) };
    Ok(Unpacked { carried, members })
}

/// A member that is passed over.
const SWAP: &str = "swap.vhd";

/// How much an image has brought up to now. A packed stream does not say how much it holds, nor does an archive speak the
/// truth: so it is held against what there is as it grows. Only data counts: zeros become holes, and a disk that is full
/// of them packs as well as any bomb.
struct Load<'a> {
    sr: &'a Repository,
    /// Bytes of data in earlier members.
    before: u64,
    /// Bytes of data that there were when it was looked last.
    looked: u64,
}

impl Load<'_> {
    /// More data than this is not written before the room is looked at.
    const STEP: u64 = 32 << 20;

    /// Takes note of `written` bytes of data in this member.
    fn note(&mut self, written: u64) -> Result<(), Error> {
        let data = self.before + written;
        if data >= self.looked + Self::STEP {
            self.sr.require_moderate(data)?;
            self.looked = data;
        }
        Ok(())
    }

    /// What became of the room that was there: a full file system is told with what was needed and what is free.
    fn full(&self, needed: Option<u64>, error: os::Error) -> Error {
        self.sr.explain_full(needed.unwrap_or(self.before + Self::STEP), error).into()
    }
}

/// Copies a member to its end, keeping apart whether reading the stream or writing the file failed.
fn copy(
    member: &mut Member<'_>,
    to: &mut SparseWriter,
    load: &mut Load<'_>,
    archive: &str,
    path: &Path,
) -> Result<(), Error> {
    let member_stored = member.stored;
    let refused = |load: &Load<'_>, e| load.full(member_stored, os::Error::at("writing", path)(e));
    loop {
        let hole = member.bytes.skip_hole().map_err(Error::stream(archive))?;
        to.skip(hole).map_err(|e| refused(load, e))?;
        let mut read = Ok(0);
        let filled = to.fill(|room| {
            read = os::again(|| member.bytes.read(room));
            Ok(*read.as_ref().unwrap_or(&0))
        });
        let read = read.map_err(Error::stream(archive))?;
        filled.map_err(|e| refused(load, e))?;
        if read == 0 {
            return Ok(());
        }
        load.note(to.written())?;
    }
}
