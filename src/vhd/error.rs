//! Why the engine could not do what was asked.

use std::io;

use super::finding::Finding;

/// An error of the engine. It does not know the file's name: the caller does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read or written.
    #[error("{doing} at byte {offset}")]
    Io {
        /// What was being done, e.g. "reading the BAT".
        doing: &'static str,
        /// Where in the file.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The image breaks a rule without which it cannot be used.
    #[error("{0}")]
    Invalid(Finding),
    /// Sectors beyond the end of a disk were asked for.
    #[error("sector {sector} of a disk of {sectors}")]
    OutOfRange {
        /// The end of what was asked for.
        sector: u64,
        /// Sectors of the disk.
        sectors: u64,
    },
    /// The caller asked for what the image or the format cannot give.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    pub(crate) fn io(doing: &'static str, offset: u64) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, offset, source }
    }
}

impl From<Finding> for Error {
    fn from(finding: Finding) -> Self {
        Self::Invalid(finding)
    }
}
