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
    /// The program failed.
    #[error("{command} ended with {status}: {}", said(.stdout, .stderr))]
    Failed {
        /// Program and arguments, quoted.
        command: String,
        /// Exit code or signal.
        status: String,
        /// What it printed.
        stdout: String,
        /// What it complained.
        stderr: String,
    },
    /// The program printed something unknown.
    #[error("{command}: expected {expected}, found {:?}", shortened(.found))]
    Output {
        /// Program and arguments, quoted.
        command: String,
        /// What its output should hold.
        expected: &'static str,
        /// What it printed.
        found: String,
    },
    /// The program could not be run.
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

fn said(stdout: &str, stderr: &str) -> String {
    let text = [shortened(stdout), shortened(stderr)].join(" ").trim().to_owned();
    if text.is_empty() { "it printed nothing".into() } else { text }
}

/// As much of `text` as one reads in a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 500;
    let text = text.trim();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}… ({} bytes more)", &text[..end], text.len() - end),
        None => text.to_owned(),
    }
}
