//! Why the control domain did not do what it was asked.

use std::io;

use super::domain::DomainId;
use crate::os;

/// An error of the control domain.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument cannot be what it has to be.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// Which.
        what: &'static str,
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// What is asked is not allowed.
    #[error("{0}")]
    Refused(String),
    /// A program failed.
    #[error("'{command}' returned non-zero exit code: retcode={status}, out='{stdout}', stderr='{stderr}'")]
    Program {
        /// Program and arguments.
        command: String,
        /// Exit code, or the signal as a negative number.
        status: i32,
        /// What it printed.
        stdout: String,
        /// What it complained.
        stderr: String,
    },
    /// One of xenstore's programs failed. The words are those of os-xenapi xenstore.py `XenstoreError`.
    #[error("cmd: {command}; returncode: {status}; stderr: {stderr}; stdout: {stdout}")]
    Xenstore {
        /// Program and path; no value that was to be written.
        command: String,
        /// Exit code, or the signal as a negative number.
        status: i32,
        /// What it complained.
        stderr: String,
        /// What it printed.
        stdout: String,
    },
    /// A guest's agent did not answer. Nova looks for the first word.
    #[error("TIMEOUT: No response from agent within {seconds} seconds.")]
    Timeout {
        /// How long it had.
        seconds: u64,
    },
    /// A guest went away while its agent was asked. Nova looks for the first word.
    #[error("REBOOT: dom_id {domain} no longer present")]
    Reboot {
        /// What it was.
        domain: DomainId,
    },
    /// A guest's agent cannot do what it is asked. Nova looks for the first words.
    #[error("NOT IMPLEMENTED: {0}")]
    NotImplemented(&'static str),
    /// A program could not be run.
    #[error(transparent)]
    Spawn(#[from] os::SpawnError),
    /// The system refused.
    #[error(transparent)]
    Os(#[from] os::Error),
}

/// What sort of error it is, for those who decide by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An argument does not fit.
    BadArgument,
    /// Not allowed.
    Refused,
    /// A program is not installed.
    ProgramMissing,
    /// A program failed or hung.
    Program,
    /// Xenstore failed.
    Xenstore,
    /// An agent did not answer.
    Timeout,
    /// A guest went away.
    Reboot,
    /// An agent cannot do it.
    NotImplemented,
    /// The system refused.
    System,
}

impl Error {
    /// An argument that cannot be what it has to be.
    pub fn argument(what: &'static str, expected: &'static str, found: impl std::fmt::Debug) -> Self {
        Self::Argument { what, expected, found: format!("{found:?}") }
    }

    /// For `map_err`: what the system said while `doing` something to `path`.
    pub(super) fn at<E: Into<io::Error>>(
        doing: &'static str,
        path: impl AsRef<std::path::Path>,
    ) -> impl FnOnce(E) -> Self {
        let at = os::Error::at(doing, path);
        move |source| Self::Os(at(source))
    }

    /// The sort of error.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Argument { .. } => Kind::BadArgument,
            Self::Refused(_) => Kind::Refused,
            Self::Program { .. }
            | Self::Spawn(
                os::SpawnError::Deadline { .. }
                | os::SpawnError::Silent { .. }
                | os::SpawnError::TooMuch { .. }
                | os::SpawnError::Failed { .. },
            ) => Kind::Program,
            Self::Xenstore { .. } => Kind::Xenstore,
            Self::Timeout { .. } => Kind::Timeout,
            Self::Reboot { .. } => Kind::Reboot,
            Self::NotImplemented(_) => Kind::NotImplemented,
            Self::Spawn(os::SpawnError::NotFound { .. }) => Kind::ProgramMissing,
            Self::Spawn(os::SpawnError::Io { .. }) | Self::Os(_) => Kind::System,
        }
    }
}
