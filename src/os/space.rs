//! What files take of a file system, and what it can still take.

use std::os::unix::fs::MetadataExt;

use rustix::fs::FileType;
use rustix::io::retry_on_intr;
use serde::Serialize;

use super::dir::Dir;
use super::error::Error;

/// Room on a file system, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Space {
    /// In all.
    pub total: u64,
    /// Free to us.
    pub free: u64,
    /// Whether it is mounted read-only.
    pub read_only: bool,
}

/// Bytes in what the system calls a block when it counts what a file takes up.
const COUNTED: u64 = 512;

/// Bytes that a file occupies: less than its length where it has holes. What it shares with others by reflinks counts as
/// its own.
#[must_use]
pub fn occupied(metadata: &std::fs::Metadata) -> u64 {
    metadata.blocks().saturating_mul(COUNTED)
}

/// Bytes that the files in `dir` occupy, but for those that have names elsewhere as well. What cannot be looked at counts as
/// nothing.
#[must_use]
pub fn occupied_in(dir: &Dir) -> u64 {
    let names = dir.names().unwrap_or_default();
    let stats = names.iter().filter_map(|name| dir.stat(name.to_str()?).ok()?);
    let own = stats.filter(|stat| FileType::from_raw_mode(stat.st_mode).is_file() && stat.st_nlink == 1);
    own.map(|stat| u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(COUNTED))
        .fold(0, u64::saturating_add)
}

/// Looks at the file system that `dir` is on.
///
/// # Errors
/// The system refused.
pub fn space(dir: &Dir) -> Result<Space, Error> {
    let stat = retry_on_intr(|| rustix::fs::fstatvfs(dir))
        .map_err(Error::at("asking for free space on", dir.path()))?;
    let read_only = stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY);
    let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
    Ok(Space { total: bytes(stat.f_blocks), free: bytes(stat.f_bavail), read_only })
}

/// File systems that several hosts may have mounted: NFS, SMB (three kinds), FUSE, Ceph, OCFS2 and GFS2. Numbers from
/// `linux/magic.h` and the file systems' own sources.
const SHARED: [u64; 8] =
    [0x6969, 0xff53_4d42, 0xfe53_4d42, 0x517b, 0x6573_5546, 0x00c3_6400, 0x7461_636f, 0x0116_1970];

/// Whether other hosts may have the file system of `dir` mounted as well.
///
/// # Errors
/// The system refused.
pub fn is_shared(dir: &Dir) -> Result<bool, Error> {
    let stat = retry_on_intr(|| rustix::fs::fstatfs(dir))
        .map_err(Error::at("asking for the kind of", dir.path()))?;
    #[expect(clippy::cast_sign_loss, reason = "a number that is 32 bits wide everywhere")]
    let magic = stat.f_type as u64 & 0xffff_ffff;
    Ok(SHARED.contains(&magic))
}
