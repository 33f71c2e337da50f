//! Why a storage repository could not be used.

use std::path::PathBuf;

use uuid::Uuid;

use super::claim::Owner;
use crate::os;

/// An error about a storage repository.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at the path.
    #[error("{}: expected the directory of an SR, found nothing", .0.display())]
    Missing(PathBuf),
    /// It is no directory.
    #[error("{}: expected the directory of an SR, found something else", .0.display())]
    NotADirectory(PathBuf),
    /// Nothing can be written there.
    #[error("{}: expected a writable SR, found a read-only file system", .0.display())]
    ReadOnly(PathBuf),
    /// The VDI to be made is there already.
    #[error("{uuid} is taken: {} exists", .path.display())]
    Taken {
        /// The VDI.
        uuid: Uuid,
        /// The file that has its name.
        path: PathBuf,
    },
    /// The VDI to be read is not there.
    #[error("{uuid} is not in {}: expected {}", .sr.display(), .sr.join(format!("{uuid}.vhd")).display())]
    NoSuchVdi {
        /// The VDI.
        uuid: Uuid,
        /// The repository.
        sr: PathBuf,
        /// VDIs whose uuids are like it.
        near: Vec<Uuid>,
    },
    /// No VDI has a uuid that begins like this.
    #[error("no VDI in {} has a uuid that begins with {name}", .sr.display())]
    NoSuchName {
        /// The beginning.
        name: String,
        /// The repository.
        sr: PathBuf,
        /// VDIs whose uuids are like it.
        near: Vec<Uuid>,
    },
    /// Several have.
    #[error("{name} is the beginning of {count} uuids in {}: {}", .sr.display(), listed(.candidates, *.count))]
    Ambiguous {
        /// The beginning.
        name: String,
        /// The repository.
        sr: PathBuf,
        /// The first of them.
        candidates: Vec<Uuid>,
        /// How many there are.
        count: usize,
    },
    /// Somebody is at work for the uuid.
    #[error("{uuid}: {} (process {} on {})", if *.same { "this very call is at work already" } else { "another call is at work for it" }, .owner.pid, .owner.host)]
    InWork {
        /// The uuid.
        uuid: Uuid,
        /// Whether it is the same call.
        same: bool,
        /// Who it is.
        owner: Owner,
    },
    /// A run that died had begun to land the uuid, and nobody has ended that yet.
    #[error("{uuid}: a run that died has left {}: try again, or see what `vhd-porter recover` says", .staging.display())]
    Unrecovered {
        /// The uuid.
        uuid: Uuid,
        /// The staging area.
        staging: PathBuf,
    },
    /// A journal is not one of ours.
    #[error("{}: expected a journal of this version, found something else: it and what it is about are left alone", .path.display())]
    Journal {
        /// Its path.
        path: PathBuf,
    },
    /// A lock could not be had.
    #[error("{}: locked for more than {} s: the storage manager is busy with the SR, try again later", .what.display(), .patience.as_secs())]
    Locked {
        /// The lock's file.
        what: PathBuf,
        /// How long it was waited for.
        patience: std::time::Duration,
    },
    /// There is another directory at the SR's path than when it was opened.
    #[error("{}: no longer the directory that it was: the SR was unmounted meanwhile", .0.display())]
    Moved(PathBuf),
    /// A file in the SR is not the one that was put there.
    #[error("{}: expected the file that just landed, found {found}", .path.display())]
    Vanished {
        /// Its path.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// There is no room.
    #[error("{}: expected room for {needed} bytes, found {free} bytes free, of which {reserve} are kept in reserve", .path.display())]
    NoRoom {
        /// The SR.
        path: PathBuf,
        /// Bytes that would be written.
        needed: u64,
        /// Bytes free.
        free: u64,
        /// Bytes that are never filled.
        reserve: u64,
    },
    /// An image brings more than is allowed.
    #[error(
        "expected at most {most} bytes of data in one image, found more: sr.max_image in the configuration says how much may come"
    )]
    TooMuch {
        /// Bytes that are allowed.
        most: u64,
    },
    /// The system refused.
    #[error(transparent)]
    Os(#[from] os::Error),
}

fn listed(uuids: &[Uuid], count: usize) -> String {
    let mut list = uuids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(", ");
    if count > uuids.len() {
        list.push_str(", …");
    }
    list
}
