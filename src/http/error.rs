//! Why an exchange failed: what was done, with which URL, what was expected and found.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::status::{Outcome, outcome};

/// What was waited for when a connection fell silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The address of a name.
    Name,
    /// The connection, TLS included.
    Connection,
    /// Room to send.
    Sending,
    /// The status line and headers.
    Answer,
    /// The next bytes.
    Bytes,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the address of the host",
            Self::Connection => "a connection",
            Self::Sending => "the server to take bytes",
            Self::Answer => "an answer",
            Self::Bytes => "bytes",
        })
    }
}

/// An error of an exchange. URLs are shown without user, password and query; header values are never shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A URL is none that can be asked.
    #[error("{url}: expected {expected}, found {found}")]
    Url {
        /// What can be shown of it.
        url: String,
        /// What it should be.
        expected: &'static str,
        /// What is wrong.
        found: String,
    },
    /// A header cannot be sent.
    #[error("header {name:?}: expected {expected}, found {found}")]
    Header {
        /// Its name.
        name: String,
        /// What it should be.
        expected: &'static str,
        /// What is wrong.
        found: &'static str,
    },
    /// `http.proxy` names no proxy.
    #[error("http.proxy: expected http://HOST:PORT, found {found}")]
    Proxy {
        /// What it names.
        found: String,
    },
    /// The CA bundle cannot be read.
    #[error("reading the CA bundle {}", path.display())]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no CA bundle, or it is empty.
    #[error("{place}: expected CA certificates in PEM, found none; name a file of them in http.ca_file")]
    NoCertificates {
        /// Where was looked.
        place: String,
    },
    /// There is no connection, or it broke.
    #[error("{doing} {url}")]
    Connection {
        /// The method, or "reading".
        doing: &'static str,
        /// What was asked for.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// Nothing came, or went, for too long.
    #[error("{doing} {url}: expected {wait} within {} s, found silence", .idle.as_secs())]
    Silence {
        /// The method, or "reading".
        doing: &'static str,
        /// What was asked for.
        url: String,
        /// What was waited for.
        wait: Wait,
        /// For how long.
        idle: Duration,
    },
    /// The server is not who it says.
    #[error(
        "{doing} {url}: expected a certificate of a known CA for this host, found {found}; \
         if the server is to be trusted, name its CA in http.ca_file"
    )]
    Certificate {
        /// The method.
        doing: &'static str,
        /// What was asked for.
        url: String,
        /// What the verifier says.
        found: String,
    },
    /// What came is not HTTP, or not TLS.
    #[error("{doing} {url}: expected {expected}, found {found}")]
    Protocol {
        /// The method, or "reading".
        doing: &'static str,
        /// What was asked for.
        url: String,
        /// What should have come.
        expected: &'static str,
        /// What is wrong.
        found: String,
    },
    /// The body to send could not be read. This is about us, not about the server.
    #[error("reading what is sent to {url}")]
    Body {
        /// Where it goes.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// A redirect that is not followed.
    #[error("{doing} {url}: expected {expected}, found a redirect to {target}")]
    Redirect {
        /// The method.
        doing: &'static str,
        /// What was asked for.
        url: String,
        /// What would be followed.
        expected: &'static str,
        /// Where it leads, without query.
        target: String,
    },
    /// A status that is no success.
    #[error("{doing} {url}: expected {expected}, found status {status}{}", said(.excerpt))]
    Status {
        /// The method.
        doing: &'static str,
        /// What was asked for.
        url: String,
        /// The statuses that would have done.
        expected: &'static str,
        /// The one that came.
        status: u16,
        /// The beginning of what the server said about it.
        excerpt: String,
    },
    /// A document is longer than any that is sensible.
    #[error("reading {url}: expected at most {limit} bytes, found more")]
    TooLong {
        /// What was asked for.
        url: String,
        /// Most bytes that are read.
        limit: usize,
    },
}

fn said(excerpt: &str) -> String {
    if excerpt.is_empty() { String::new() } else { format!(" ({excerpt})") }
}

impl Error {
    /// Whether the same request may succeed when it is made again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connection { .. } | Self::Silence { .. } | Self::Protocol { .. } => true,
            Self::Status { status, .. } => {
                matches!(outcome(*status), Outcome::Ephemeral | Outcome::Unexpected)
            }
            _ => false,
        }
    }

    /// The status, if that is what is wrong.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The kind that `Read` and `Write` know for it.
    #[must_use]
    pub(super) fn io_kind(&self) -> io::ErrorKind {
        match self {
            Self::Connection { source, .. } => source.kind(),
            Self::Silence { .. } => io::ErrorKind::TimedOut,
            Self::Protocol { .. } => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        }
    }
}
