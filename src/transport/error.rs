//! Why a source or sink could not be opened.

use super::glance;
use crate::os;

/// An error about where an image comes from or goes to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name is a URL of a kind that is not known.
    #[error("{url}: unknown kind of source: expected a file, - for standard input, or file://PATH")]
    UnknownScheme {
        /// The URL, without anything behind its scheme.
        url: String,
    },
    /// The URL is not one of a local file.
    #[error("{url}: expected file:///ABSOLUTE/PATH, without a host, with %XX only for bytes")]
    FileUrl {
        /// As given.
        url: String,
    },
    /// The source is a directory.
    #[error("{path}: expected an image or an archive of images, found a directory")]
    Directory {
        /// As given.
        path: String,
    },
    /// Standard input is a keyboard.
    #[error("standard input: expected an image from a pipe or file, found a terminal")]
    Terminal,
    /// The target exists.
    #[error("{path} exists already and is not replaced: remove it or choose another name")]
    Exists {
        /// As given.
        path: String,
    },
    /// An image of Glance.
    #[error(transparent)]
    Glance(#[from] glance::Error),
    /// The system refused.
    #[error(transparent)]
    Os(#[from] os::Error),
}
