//! Why a call of xapi came to nothing.

use uuid::Uuid;

use crate::http;
use crate::os;
use crate::wire::xmlrpc::XmlError;

/// A cause that another crate gives.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Three sorts of error: xapi could not be asked (another try may help), it refused, or it said what nobody understands.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The setting is none.
    #[error("xapi.url: expected unix:PATH or http(s)://HOST, found {found:?}")]
    Address {
        /// What it holds.
        found: String,
    },
    /// There is no socket.
    #[error("no xapi at {address}: is this a host of a pool, and does xapi run (xe-toolstack-restart)?")]
    Absent {
        /// Where it should be.
        address: String,
    },
    /// Nobody answered, or not to the end.
    #[error("calling {method} of xapi at {address}")]
    Connection {
        /// What was called.
        method: String,
        /// Where.
        address: String,
        /// Why.
        source: Cause,
    },
    /// The same over the web.
    #[error("{method}: reaching xapi")]
    Web {
        /// What was called.
        method: String,
        /// Why.
        source: Box<http::Error>,
    },
    /// HTTP, but not success.
    #[error("calling {method} of xapi at {address}: expected HTTP status 200, found {status}")]
    Status {
        /// What was called.
        method: String,
        /// Where.
        address: String,
        /// The status.
        status: u16,
    },
    /// HTTP, but no XML-RPC.
    #[error("the answer to {method} from {address} is not xapi's")]
    Unreadable {
        /// What was called.
        method: String,
        /// Where.
        address: String,
        /// Where it stops making sense.
        source: Box<XmlError>,
    },
    /// The call itself was wrong.
    #[error("{method}: xapi does not know such a call: {message}")]
    Fault {
        /// What was called.
        method: String,
        /// What xapi says.
        message: String,
    },
    /// xapi refuses.
    #[error("{method}: {}{}", python_list(.description), hint(.description))]
    Refused {
        /// What was called.
        method: String,
        /// The error code and its parameters, never empty.
        description: Vec<String>,
    },
    /// The answer is XenAPI's, but not to this question.
    #[error("{method}: expected {expected}, found {found}")]
    Unexpected {
        /// What was called.
        method: String,
        /// What was asked for.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// The host's own record of itself cannot be read.
    #[error(transparent)]
    Os(#[from] os::Error),
    /// The SR is none that files can be put in.
    #[error("SR {uuid}: expected {expected}, found {found}")]
    Unsuitable {
        /// The SR.
        uuid: Uuid,
        /// What it should be, and what to do.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A disk does not come off.
    #[error("VBD.unplug was rejected {tries} times: something here still uses the disk: {last}")]
    StillAttached {
        /// How often it was tried.
        tries: u64,
        /// What xapi said last.
        last: String,
    },
}

impl Error {
    /// Whether the same call may succeed later, without anybody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Web { source, .. } => source.is_retryable(),
            Self::Absent { .. } | Self::Connection { .. } | Self::Status { status: 500.., .. } => true,
            _ => false,
        }
    }

    /// For `map_err` around a call over the web.
    pub(super) fn web(method: &str) -> impl FnOnce(http::Error) -> Self {
        let method = method.to_owned();
        move |source| Self::Web { method, source: source.into() }
    }

    /// The error code, where xapi refuses.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { description, .. } => description.first().map(String::as_str),
            _ => None,
        }
    }

    /// The master that a member of its pool names, when it hands nothing on itself.
    pub(super) fn master(&self) -> Option<&str> {
        match self {
            Self::Refused { description, .. } if self.code() == Some("HOST_IS_SLAVE") => {
                description.get(1).map(String::as_str)
            }
            _ => None,
        }
    }

    /// The message and all its causes, on one line.
    #[must_use]
    pub fn full_message(&self) -> String {
        os::in_full(self)
    }
}

/// As Python's `XenAPI.Failure` shows itself, since that is what people look for.
fn python_list(items: &[String]) -> String {
    let quoted = |item: &String| match item.contains('\'') && !item.contains('"') {
        true => format!("\"{item}\""),
        false => format!("'{}'", item.replace('\\', "\\\\").replace('\'', "\\'")),
    };
    format!("[{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

/// What to do about an error code, where there is something to do.
fn hint(description: &[String]) -> &'static str {
    match description.first().map_or("", String::as_str) {
        "HOST_IS_SLAVE" => {
            "; the address is its pool's master: set xapi.url to https:// and that, or xapi.follow_master"
        }
        "SESSION_INVALID" => "; the session has ended: log in again",
        "SESSION_AUTHENTICATION_FAILED" => "; set xapi.user and xapi.password",
        "UUID_INVALID" => "; there is none of this uuid: xe sr-list and xe vdi-list show what there is",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_look_as_in_python() {
        let said = |items: &[&str]| {
            let description = items.iter().map(|item| (*item).to_owned()).collect();
            Error::Refused { method: "VBD.plug".into(), description }.to_string()
        };
        assert_eq!(said(&["A", "it's", ""]), "VBD.plug: ['A', \"it's\", '']");
        assert_eq!(said(&["A", "it's \"b\"\\"]), r#"VBD.plug: ['A', 'it\'s "b"\\']"#);
        assert!(said(&["HOST_IS_SLAVE", "10.0.0.1"]).ends_with("or xapi.follow_master"));
    }
}
