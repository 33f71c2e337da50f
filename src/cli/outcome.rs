//! How a subcommand ends: exit codes, and how errors are shown.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::show;
use crate::os::{self, stop::Signal};
use crate::pipeline;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; nothing wrong found.
    Done = 0,
    /// Refused or failed, or a check found something.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Stopped by SIGHUP; these three as a shell counts signals, from 128.
    HungUp = 129,
    /// Stopped by SIGINT.
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

impl From<Signal> for Exit {
    fn from(signal: Signal) -> Self {
        match signal.number() {
            1 => Self::HungUp,
            2 => Self::Interrupted,
            _ => Self::Terminated,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a subcommand ended without doing its work.
pub(super) enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// The pipeline refused or failed.
    Pipeline(Box<pipeline::Error>),
    /// A plugin answered with a failure.
    Plugin { class: String, message: String },
    /// Something else did.
    Other { kind: &'static str, message: String },
}

impl<E: Into<pipeline::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Pipeline(Box::new(error.into()))
    }
}

impl Failure {
    /// The failure of something that is not the pipeline's.
    pub(super) fn other(kind: &'static str, message: impl Into<String>) -> Self {
        Self::Other { kind, message: message.into() }
    }
}

/// Why it failed, in words.
pub(super) fn message(failure: &Failure) -> String {
    match failure {
        Failure::Pipeline(error) => os::in_full(error.as_ref()),
        Failure::Usage(message) | Failure::Plugin { message, .. } | Failure::Other { message, .. } => {
            message.clone()
        }
    }
}

/// What to do next, where that is known.
fn hint(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Pipeline(error) => error.hint(),
        _ => None,
    }
}

/// Shows why it failed: as JSON on standard output if that was asked for, else in words on standard error.
pub(super) fn report(failure: &Failure, json: bool) -> Exit {
    let (kind, message, exit) = match failure {
        Failure::Usage(message) => ("usage".into(), message.clone(), Exit::Usage),
        Failure::Pipeline(error) => {
            let exit = match **error {
                pipeline::Error::Stopped { signal } => signal.into(),
                _ => Exit::Failed,
            };
            (serde_json::to_value(error.kind()).unwrap_or_default(), os::in_full(error.as_ref()), exit)
        }
        Failure::Plugin { class, message } => (class.as_str().into(), message.clone(), Exit::Failed),
        Failure::Other { kind, message } => ((*kind).into(), message.clone(), Exit::Failed),
    };
    if json {
        let mut body = json!({ "kind": kind, "message": message });
        if let Failure::Pipeline(error) = failure
            && let Some(detail) = error.detail()
        {
            body["file"] = detail.file.into();
            body["offset"] = detail.offset.into();
            body["expected"] = detail.expected.into();
            body["found"] = detail.found.into();
        }
        if let Some(hint) = hint(failure) {
            body["hint"] = hint.into();
        }
        show::document(&json!({ "error": body }));
        return exit;
    }
    let mut text = match failure {
        Failure::Plugin { class, .. } => format!("vhd-porter: {class}: {message}\n"),
        _ => format!("vhd-porter: {message}\n"),
    };
    if let Some(hint) = hint(failure) {
        text += &format!("hint: {hint}\n");
    }
    // There is nobody else to tell.
    let _ = std::io::stderr().lock().write_all(show::printable(&text).as_bytes());
    exit
}
