//! Why a child gave no result.

use std::io;
use std::time::Duration;

/// Why a child gave no result.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is no such program.
    #[error("no program {program:?} was found")]
    NotFound {
        /// Its name.
        program: String,
    },
    /// It ran past its deadline and was killed.
    #[error("{command} did not end within {} s and was killed", .deadline.as_secs())]
    Deadline {
        /// Program and arguments, quoted.
        command: String,
        /// How long it was given.
        deadline: Duration,
    },
    /// It printed nothing for too long and was killed.
    #[error("{command} was silent for {} s and was killed", .idle.as_secs())]
    Silent {
        /// Program and arguments, quoted.
        command: String,
        /// How long it may be silent.
        idle: Duration,
    },
    /// It printed more than is read, and all of it counts.
    #[error("{command} printed more than {} MiB", .most >> 20)]
    TooMuch {
        /// Program and arguments, quoted.
        command: String,
        /// The most bytes that are read.
        most: usize,
    },
    /// It failed.
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
    /// The system refused.
    #[error("running {command}")]
    Io {
        /// Program and arguments, quoted.
        command: String,
        /// What the system said.
        source: io::Error,
    },
}

fn said(stdout: &str, stderr: &str) -> String {
    let text = [shortened(stdout), shortened(stderr)].join(" ").trim().to_owned();
    if text.is_empty() { "it printed nothing".into() } else { text }
}

/// As much of `text` as one reads in a message.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 500;
    let text = text.trim();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}… ({} bytes more)", &text[..end], text.len() - end),
        None => text.to_owned(),
    }
}
