//! Why a storage repository could not be used.

use std::path::PathBuf;

use uuid::Uuid;

use crate::os;

/// An error about a storage repository.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at the path.
    #[error("{}: expected the directory of an SR, found nothing: mount the SR, or create it with --create-sr", .0.display())]
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
    },
    /// The system refused.
    #[error(transparent)]
    Os(#[from] os::Error),
}
