//! Why a tool did not do what it was asked.

use std::path::PathBuf;

use crate::os;
use crate::vhd;

/// An error of a tool.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host has no such program.
    #[error(
        "{program}: expected the host's vhd-util, found no such program: install it, or use --tool embedded"
    )]
    Missing {
        /// As configured.
        program: String,
    },
    /// The configured command cannot be split into words.
    #[error("{command:?} is no command: expected a program and its arguments, quoted as in a shell")]
    Command {
        /// As configured.
        command: String,
    },
    /// The program printed something unknown.
    #[error("{command}: expected {expected}, found {:?}", os::shortened(.found))]
    Output {
        /// Program and arguments, quoted.
        command: String,
        /// What its output should hold.
        expected: &'static str,
        /// What it printed.
        found: String,
    },
    /// The program failed, or could not be run.
    #[error(transparent)]
    Spawn(#[from] os::SpawnError),
    /// The embedded engine refused or failed.
    #[error("{}", .path.display())]
    Engine {
        /// The image.
        path: PathBuf,
        /// Why.
        source: vhd::Error,
    },
    /// The image could not be opened.
    #[error(transparent)]
    Os(#[from] os::Error),
}
