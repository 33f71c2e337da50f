//! Why a source or sink could not be opened.

use super::glance;
use crate::stream::Algorithm;
use crate::{http, os};

/// An error about where an image comes from or goes to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name is a URL of a kind that is not known.
    #[error(
        "{url}: unknown kind of source: expected a file, - for standard input, file://PATH, or http(s)://HOST/PATH"
    )]
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
    #[error("{path} exists already and is not replaced")]
    Exists {
        /// As given.
        path: String,
    },
    /// A server was asked for the rest of a stream that broke, and answered with something else.
    #[error(
        "{url}: resuming at byte {at}: expected {expected}, found {found}: the image there may have changed"
    )]
    Resume {
        /// What was asked for.
        url: String,
        /// Bytes that had come.
        at: u64,
        /// What should have come.
        expected: String,
        /// What came.
        found: String,
    },
    /// What came is not what somebody says is there.
    #[error(
        "{name}: expected {algorithm} {expected}, as {said_by} says, found {found}: it is damaged, there or on its way"
    )]
    Digest {
        /// The source.
        name: String,
        /// Of which digest this is about.
        algorithm: Algorithm,
        /// What it should be, in hex.
        expected: String,
        /// Who says so.
        said_by: String,
        /// What it is.
        found: String,
    },
    /// The server, or the way to it.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// An image of Glance.
    #[error(transparent)]
    Glance(#[from] glance::Error),
    /// The system refused.
    #[error(transparent)]
    Os(#[from] os::Error),
}
