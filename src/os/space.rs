//! What a file system can still take.

use super::dir::Dir;
use super::error::Error;

/// Room on a file system, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// In all.
    pub total: u64,
    /// Free to us.
    pub free: u64,
    /// Whether it is mounted read-only.
    pub read_only: bool,
}

/// Looks at the file system that `dir` is on.
///
/// # Errors
/// The system refused.
pub fn space(dir: &Dir) -> Result<Space, Error> {
    let stat = rustix::fs::fstatvfs(dir).map_err(Error::at("asking for free space on", dir.path()))?;
    let read_only = stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY);
    let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
    Ok(Space { total: bytes(stat.f_blocks), free: bytes(stat.f_bavail), read_only })
}
