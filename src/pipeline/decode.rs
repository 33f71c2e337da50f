//! First stage of an import: the stream becomes files in staging, zeros become holes, the digests are known.

use std::io;

use super::archive::read_members;
use super::carried::Carried;
use super::context::Context;
use super::error::Error;
use super::progress::Stage;
use crate::os;
use crate::sr::{Repository, Staging};
use crate::stream::SparseWriter;
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
    staging: Staging,
    sr: &Repository,
    ctx: Context<'_>,
) -> Result<Unpacked, Error> {
    ctx.stage(Stage::Unpack, source.size())?;
    let archive = source.name().to_owned();
    let mut members: Vec<StagedMember> = Vec::new();
    let contents = read_members(source, &|n| ctx.progress.advance(n), &mut |mut member| {
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
            io::copy(&mut member.bytes, &mut io::sink()).map_err(Error::stream(&archive))?;
        } else {
            let path = staging.dir().join(&staged);
            sr.require_room(member.size.unwrap_or_default())?;
            let mut writer = SparseWriter::new(staging.dir().create(&staged)?);
            let room = |written| move |error: os::Error| full(sr, member.size.unwrap_or(written), error);
            let written = copy(member.bytes, &mut writer, &archive, &path, &room)?;
            writer.finish().map_err(os::Error::at("writing", &path)).map_err(room(written))?;
        }
        members.push(StagedMember { name: member.name, staged });
        Ok(())
    })?;
    members.retain(|m| m.name != SWAP);
    tracing::info!(container = contents.container, members = members.len(), "unpacked");
    Ok(Unpacked { carried: Carried { digests: Some(contents.digests), ..Carried::new(staging) }, members })
}

/// A member that is passed over.
const SWAP: &str = "swap.vhd";

/// What became of the room that was there: a full file system is told with what was needed and what is free.
fn full(sr: &Repository, needed: u64, error: os::Error) -> Error {
    if error.is_full()
        && let Err(full) = sr.require_room(needed)
    {
        return full.into();
    }
    error.into()
}

/// Copies to the end, keeping apart whether reading the stream or writing the file failed.
fn copy<E: FnOnce(os::Error) -> Error>(
    from: &mut dyn io::Read,
    to: &mut dyn io::Write,
    archive: &str,
    path: &std::path::Path,
    refused: &dyn Fn(u64) -> E,
) -> Result<u64, Error> {
    let mut buffer = vec![0; 256 * 1024];
    let mut written = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(written),
            Ok(n) => {
                written += n as u64;
                to.write_all(&buffer[..n])
                    .map_err(os::Error::at("writing", path))
                    .map_err(refused(written))?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::stream(archive)(e)),
        }
    }
}
