//! Why an import, export or copy was refused or failed: one type, with a small stable kind.

use std::io;

use serde::Serialize;
use uuid::Uuid;

use super::advice::on_arrival;
use crate::http::{self, Outcome};
use crate::transport::glance;
use crate::vhd::{self, Finding};
use crate::{os, sr, tool, transport};

/// What is wrong with a stream that ends too early.
pub(crate) const CUT_OFF: &str = "the image is cut off";
/// What is wrong with a stream that is something else altogether.
pub(crate) const NOT_AN_IMAGE: &str = "not an image";
/// What is wrong with a stream that does not decode.
pub(super) const DAMAGED: &str = "the image is damaged";

/// What sort of error it is: the stable part, that scripts and the control plane go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A VHD is damaged, or not what its place asks for.
    BadImage,
    /// An archive is damaged, or holds what it should not.
    BadArchive,
    /// What the caller asked for makes no sense.
    BadArgument,
    /// Fewer uuids were given than there are links.
    TooFewUuids,
    /// A uuid or file name is taken.
    Taken,
    /// A source, SR or VDI is not there.
    NotFound,
    /// The SR cannot be used.
    BadSr,
    /// A server was not reached, broke off, or what came from it is not what is there: trying again may help.
    Network,
    /// A server refuses, or is not to be trusted: trying again does not help.
    Refused,
    /// A server has no such image.
    NoSuchImage,
    /// A program of the host failed.
    Tool,
    /// The host has no such program.
    ToolMissing,
    /// Something was changed while it was read; trying again may help.
    Changed,
    /// The file system is full.
    NoSpace,
    /// Somebody else is at work: the same call later may do.
    Busy,
    /// A signal stopped it: the same call made again begins anew.
    Stopped,
    /// The system refused.
    System,
}

/// Where and what, for `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The file, as the user knows it.
    pub file: String,
    /// Byte offset in it.
    pub offset: Option<u64>,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
}

/// An error of the pipeline.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A VHD breaks a rule.
    #[error("{file}: {finding}{}", and_more(*.more))]
    Image {
        /// The file, as the user knows it.
        file: String,
        /// The first broken rule.
        finding: Finding,
        /// How many others are broken.
        more: u64,
        /// What to do about it.
        hint: Option<&'static str>,
    },
    /// A VHD could not be read or edited.
    #[error("{file}")]
    Engine {
        /// The file, as the user knows it.
        file: String,
        /// Why.
        source: vhd::Error,
    },
    /// The tool does not accept a VHD that the gate accepts.
    #[error("{file}: the tool refuses it: {reason}")]
    Verdict {
        /// The file, as the user knows it.
        file: String,
        /// What it says.
        reason: String,
    },
    /// The archive is not what it should be.
    #[error("{archive}: {problem}: expected {expected}, found {found}")]
    Archive {
        /// Its name.
        archive: String,
        /// What is wrong.
        problem: &'static str,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The system could not read the stream.
    #[error("reading {archive}")]
    Stream {
        /// Its name.
        archive: String,
        /// Why.
        source: io::Error,
    },
    /// A stream from a server is damaged, and the server does not say what its digest should be.
    #[error("{fault}; it may have been damaged on its way: try again")]
    Unconfirmed {
        /// What is wrong with it.
        fault: Box<Error>,
    },
    /// A uuid is not one.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// Which argument.
        what: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The stack does not hold a uuid for each link.
    #[error("too few uuids: expected one for each of the {links} links, found {given}")]
    TooFewUuids {
        /// Links of the chain.
        links: usize,
        /// Uuids given.
        given: usize,
    },
    /// A signal stopped the work.
    #[error("stopped by {signal}, nothing landed")]
    Stopped {
        /// Which one.
        signal: os::stop::Signal,
    },
    /// A file was written while it was sent.
    #[error(
        "{file} was written while it was sent: expected a VDI that is at rest; wait for its VM or the garbage collector, and try again"
    )]
    Changed {
        /// The file, as the user knows it.
        file: String,
    },
    /// A program of the host.
    #[error(transparent)]
    Spawn(#[from] os::SpawnError),
    /// The SR.
    #[error(transparent)]
    Sr(#[from] sr::Error),
    /// The tool.
    #[error(transparent)]
    Tool(#[from] tool::Error),
    /// Source or sink.
    #[error(transparent)]
    Transport(#[from] transport::Error),
    /// The system.
    #[error(transparent)]
    Os(#[from] os::Error),
}

impl From<glance::Error> for Error {
    fn from(error: glance::Error) -> Self {
        Self::Transport(error.into())
    }
}

fn and_more(count: u64) -> String {
    if count == 0 { String::new() } else { format!(" (and {count} more)") }
}

impl Error {
    /// The error that `findings` amount to; `None` when there are none. Of a file that was cut off that is said first:
    /// what else is wrong with it follows from that.
    pub(crate) fn of_findings(file: &str, findings: &vhd::Findings) -> Option<Self> {
        let cut_off = findings.list.iter().find(|f| f.rule == vhd::Rule::BlockPastEnd);
        let finding = cut_off.or(findings.list.first())?.clone();
        let more = findings.list.len() as u64 - 1 + findings.more;
        Some(Self::Image { file: file.to_owned(), hint: on_arrival(&finding), finding, more })
    }

    pub(crate) fn image(file: &str, finding: Finding) -> Self {
        Self::Image { file: file.to_owned(), hint: on_arrival(&finding), finding, more: 0 }
    }

    /// For `map_err` around the engine.
    pub(crate) fn engine(file: &str) -> impl FnOnce(vhd::Error) -> Self {
        let file = file.to_owned();
        move |error| match error {
            vhd::Error::Invalid(finding) => Self::image(&file, finding),
            source => Self::Engine { file, source },
        }
    }

    /// For `map_err` around a stream: either the system could not read it, or what it holds is damaged or cut off.
    pub(crate) fn stream(archive: &str) -> impl FnOnce(io::Error) -> Self {
        let archive = archive.to_owned();
        move |source| {
            let (problem, expected) = match source.kind() {
                _ if source.raw_os_error().is_some() || os::stop::Signal::behind(&source).is_some() => {
                    return Self::Stream { archive, source };
                }
                io::ErrorKind::UnexpectedEof => (CUT_OFF, "the rest of it"),
                _ => (DAMAGED, "a sound archive"),
            };
            let (expected, found) = (expected.to_owned(), source.to_string());
            Self::Archive { archive, problem, expected, found }
        }
    }

    /// For `map_err` around a sink: what it says of itself, or what the system did.
    pub(crate) fn sink(source: io::Error) -> Self {
        match source.downcast::<transport::Error>() {
            Ok(error) => Self::Transport(error),
            Err(source) => os::Error::at::<io::Error>("writing", "the image")(source).into(),
        }
    }

    /// For `map_err` around the tool: what the embedded engine says is about the image, not about a tool.
    pub(crate) fn tool(file: &str) -> impl FnOnce(tool::Error) -> Self {
        let file = file.to_owned();
        move |error| match error {
            tool::Error::Engine { source, .. } => Self::engine(&file)(source),
            other => Self::Tool(other),
        }
    }

    pub(crate) fn taken(uuid: Uuid, found: &str) -> Self {
        let expected = "every uuid once".into();
        Self::Argument { what: "uuids", expected, found: format!("{uuid} {found}") }
    }

    /// Whether bytes are missing or wrong, as they are after a bad transfer, and not just others than there should be.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Archive { problem: CUT_OFF | DAMAGED, .. } | Self::Stream { .. })
    }

    /// The stable kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.is_full() {
            return Kind::NoSpace;
        }
        match self {
            Self::Image { .. } | Self::Verdict { .. } => Kind::BadImage,
            Self::Engine { source: vhd::Error::Io { .. }, .. } => Kind::System,
            Self::Engine { .. } => Kind::BadImage,
            Self::Archive { .. } => Kind::BadArchive,
            Self::Stream { .. } => Kind::System,
            Self::Stopped { .. } => Kind::Stopped,
            Self::Unconfirmed { .. }
            | Self::Transport(transport::Error::Resume { .. } | transport::Error::Digest { .. }) => {
                Kind::Network
            }
            Self::Transport(transport::Error::Http(e)) => of_http(e),
            Self::Argument { .. } => Kind::BadArgument,
            Self::TooFewUuids { .. } => Kind::TooFewUuids,
            Self::Sr(
                sr::Error::InWork { same: true, .. }
                | sr::Error::Locked { .. }
                | sr::Error::Unrecovered { .. },
            ) => Kind::Busy,
            Self::Sr(sr::Error::NoRoom { .. }) => Kind::NoSpace,
            Self::Sr(sr::Error::TooMuch { .. }) => Kind::BadArchive,
            Self::Sr(sr::Error::Vanished { .. } | sr::Error::Journal { .. }) => Kind::System,
            Self::Sr(sr::Error::Moved(_)) => Kind::BadSr,
            Self::Sr(sr::Error::Taken { .. } | sr::Error::InWork { .. })
            | Self::Transport(transport::Error::Exists { .. }) => Kind::Taken,
            Self::Sr(sr::Error::NoSuchVdi { .. } | sr::Error::NoSuchName { .. } | sr::Error::Missing(_)) => {
                Kind::NotFound
            }
            Self::Sr(sr::Error::Ambiguous { .. }) => Kind::BadArgument,
            Self::Sr(sr::Error::NotADirectory(_) | sr::Error::ReadOnly(_)) => Kind::BadSr,
            Self::Tool(tool::Error::Missing { .. } | tool::Error::Spawn(os::SpawnError::NotFound { .. }))
            | Self::Spawn(os::SpawnError::NotFound { .. }) => Kind::ToolMissing,
            Self::Tool(tool::Error::Os(e)) => of_os(e),
            Self::Tool(_) | Self::Spawn(_) => Kind::Tool,
            Self::Changed { .. } => Kind::Changed,
            Self::Transport(transport::Error::Os(e)) | Self::Sr(sr::Error::Os(e)) | Self::Os(e) => of_os(e),
            Self::Transport(transport::Error::Glance(e)) => of_glance(e),
            Self::Transport(_) => Kind::BadArgument,
        }
    }

    /// The signal behind it, if there is one.
    pub(crate) fn stopped_by(&self) -> Option<os::stop::Signal> {
        os::causes(self).filter_map(|e| e.downcast_ref()).find_map(os::stop::Signal::behind)
    }

    /// File, offset, expected and found, where the error has them.
    #[must_use]
    pub fn detail(&self) -> Option<Detail> {
        let (file, offset, expected, found) = match self {
            Self::Image { file, finding, .. } => {
                (file, Some(finding.offset), &finding.expected, &finding.found)
            }
            Self::Archive { archive, expected, found, .. } => (archive, None, expected, found),
            Self::Unconfirmed { fault } => return fault.detail(),
            Self::Transport(transport::Error::Digest { name, expected, found, .. }) => {
                (name, None, expected, found)
            }
            _ => return None,
        };
        Some(Detail { file: file.clone(), offset, expected: expected.clone(), found: found.clone() })
    }

    /// The message and all its causes, on one line: what the control plane is told. Of an image, it says what to do as well.
    #[must_use]
    pub fn full_message(&self) -> String {
        match self {
            Self::Image { hint: Some(hint), .. } => format!("{}; {hint}", os::in_full(self)),
            _ => os::in_full(self),
        }
    }

    fn is_full(&self) -> bool {
        os::causes(self).filter_map(|e| e.downcast_ref()).any(os::is_full)
    }
}

fn of_os(error: &os::Error) -> Kind {
    if error.is_missing() { Kind::NotFound } else { Kind::System }
}

fn of_glance(error: &glance::Error) -> Kind {
    match error {
        glance::Error::Argument { .. } | glance::Error::NoEndpoint => Kind::BadArgument,
        glance::Error::NoSuchImage { .. } => Kind::NoSuchImage,
        glance::Error::NoData { .. } | glance::Error::NotQueued { .. } => Kind::Refused,
        glance::Error::Mismatch { .. } | glance::Error::Answer { .. } => Kind::Network,
        glance::Error::Http(e) => of_http(e),
    }
}

fn of_http(error: &http::Error) -> Kind {
    match error {
        http::Error::Status { status, .. } if http::outcome(*status) == Outcome::NotFound => {
            Kind::NoSuchImage
        }
        http::Error::Url { .. } | http::Error::Header { .. } | http::Error::Proxy { .. } => Kind::BadArgument,
        http::Error::CaBundle { .. } | http::Error::NoCertificates { .. } | http::Error::Body { .. } => {
            Kind::System
        }
        retryable if retryable.is_retryable() => Kind::Network,
        _ => Kind::Refused,
    }
}
