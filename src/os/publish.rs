//! Giving a finished file its final name, never over something that is there unless that is asked for.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::{Errno, retry_on_intr};

/// How a file got its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// By a second hard link: the old name still stands.
    Linked,
    /// By a rename: the old name is gone.
    Renamed,
}

/// Gives `from` in `source` the name `to` in `target`, on the same file system.
///
/// A hard link is tried first, because it leaves the way back open; where the file system has none, a rename that does
/// not replace.
///
/// # Errors
/// `AlreadyExists` when the name is taken; else what the system said.
pub fn publish(source: &impl AsFd, from: &str, target: &impl AsFd, to: &str) -> io::Result<Published> {
    match retry_on_intr(|| rustix::fs::linkat(source, from, target, to, AtFlags::empty())) {
        Ok(()) => Ok(Published::Linked),
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::MLINK | Errno::NOSYS) => {
            rename(source, from, target, to).map(|()| Published::Renamed)
        }
        Err(e) => Err(e.into()),
    }
}

/// Gives a file a second name, in another directory of the same file system.
///
/// # Errors
/// The name is taken, or the file system refuses.
pub fn link(source: &impl AsFd, from: &str, target: &impl AsFd, to: &str) -> io::Result<()> {
    Ok(retry_on_intr(|| rustix::fs::linkat(source, from, target, to, AtFlags::empty()))?)
}

/// Gives a file the name of another one, which is gone then: whoever looks finds one or the other.
///
/// # Errors
/// What the system said.
pub fn replace(source: &impl AsFd, from: &str, target: &impl AsFd, to: &str) -> io::Result<()> {
    Ok(retry_on_intr(|| rustix::fs::renameat(source, from, target, to))?)
}

/// Whether the file system itself keeps a rename from replacing: tries to rename `from` to `taken`, both of which are there.
///
/// # Errors
/// What the system said.
pub(super) fn keeps_from_replacing(dir: &impl AsFd, from: &str, taken: &str) -> io::Result<bool> {
    match retry_on_intr(|| rustix::fs::renameat_with(dir, from, dir, taken, RenameFlags::NOREPLACE)) {
        Err(Errno::EXIST) => Ok(true),
        Ok(()) | Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Renames without replacing. NFS refuses the flag; there a link and an unlink do the same. Where there are neither, as on
/// FUSE without hard links, it is looked before: whoever calls holds the lock that keeps others from making names.
pub(super) fn rename(source: &impl AsFd, from: &str, target: &impl AsFd, to: &str) -> io::Result<()> {
    match retry_on_intr(|| rustix::fs::renameat_with(source, from, target, to, RenameFlags::NOREPLACE)) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
        done => return Ok(done?),
    }
    match retry_on_intr(|| rustix::fs::linkat(source, from, target, to, AtFlags::empty())) {
        Ok(()) => return Ok(retry_on_intr(|| rustix::fs::unlinkat(source, from, AtFlags::empty()))?),
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {}
        Err(e) => return Err(e.into()),
    }
    match retry_on_intr(|| rustix::fs::statat(target, to, AtFlags::SYMLINK_NOFOLLOW)) {
        Err(Errno::NOENT) => replace(source, from, target, to),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(e) => Err(e.into()),
    }
}
