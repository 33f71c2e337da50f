//! Why an ISO image could not be rewritten.

use std::path::PathBuf;

use crate::{os, sr};

/// An error about an ISO image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is in it is not what is in a boot image.
    #[error("{} in the image: expected {expected}, found {found}", .path.display())]
    Member {
        /// Where it appears while the image is mounted.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: &'static str,
    },
    /// A program failed.
    #[error(transparent)]
    Spawn(#[from] os::SpawnError),
    /// The directory of the images.
    #[error(transparent)]
    Sr(#[from] sr::Error),
    /// The system refused.
    #[error(transparent)]
    Os(#[from] os::Error),
}
