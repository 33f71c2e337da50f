//! Failures as API: clients decide by the class name whether to try again.

use std::fmt;

use super::plugin::{Plugin, did_you_mean};
use crate::log::presentable;
use crate::os;

/// The classes of failure, by the names of the Python exceptions they stood for in the original plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Trying the same call again may help; os-xenapi does so for this class and no other.
    RetryableError,
    /// The plugin refuses: the request cannot be met as it is.
    PluginError,
    /// Missing, surplus, unknown or ill-typed arguments; a call that cannot be read.
    ArgumentError,
    /// Fewer of something than needed, such as UUIDs for the disks of a chain.
    IndexError,
    /// A child process failed.
    SubprocessException,
    /// A program that is needed is not installed.
    CommandNotFound,
    /// One of xenstore's programs failed.
    XenstoreError,
    /// A guest went away while its agent was asked.
    RebootDetectedError,
    /// A guest's agent cannot do what it is asked.
    NotImplementedError,
    /// The operating system refused.
    OsError,
    /// Anything else, including a bug here.
    Exception,
    /// A refusal of xapi; or one with a fixed word as message, which clients compare: see [`Failure::image_not_found`].
    Failure,
}

impl Class {
    /// The third item of the answer.
    pub fn name(self) -> &'static str {
        match self {
            Class::RetryableError => "RetryableError",
            Class::PluginError => "PluginError",
            Class::ArgumentError => "ArgumentError",
            Class::IndexError => "IndexError",
            Class::SubprocessException => "SubprocessException",
            Class::CommandNotFound => "CommandNotFound",
            Class::XenstoreError => "XenstoreError",
            Class::RebootDetectedError => "RebootDetectedError",
            Class::NotImplementedError => "NotImplementedError",
            Class::OsError => "OSError",
            Class::Exception => "Exception",
            Class::Failure => "Failure",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why a call failed: what the client is told. The message is [`presentable`] from the start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Failure {
    class: Class,
    message: String,
}

impl Failure {
    /// A failure of `class`. The message names what was expected, what was found, and where.
    pub fn new(class: Class, message: impl AsRef<str>) -> Self {
        Self { class, message: presentable(message.as_ref()) }
    }

    /// A [`Class::ArgumentError`].
    pub fn argument(message: impl AsRef<str>) -> Self {
        Self::new(Class::ArgumentError, message)
    }

    /// A failure with everything that `error` knows: its message and those of its sources.
    pub fn from_error(class: Class, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(class, os::in_full(error))
    }

    /// What os-xenapi takes for `PluginImageNotFound` when an upload meets a 404
    /// (`client/host_glance.py` compares the fourth item).
    pub fn image_not_found() -> Self {
        Self::new(Class::Failure, "ImageNotFound")
    }

    /// The class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error description that xapi hands on verbatim, as Python's `XenAPIPlugin` composes it.
    pub fn description(&self, function: &str) -> Vec<String> {
        // Once more: a secret may have become known since.
        let message = presentable(&self.message);
        vec!["XENAPI_PLUGIN_FAILURE".into(), presentable(function), self.class.name().into(), message]
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::from_error(Class::OsError, &error)
    }
}

/// The error description for a function that `plugin` does not have. Python's has two items, on which
/// os-xenapi's own error handling fails (it unpacks three); this one has three.
pub fn unknown_function(plugin: &Plugin, function: &str) -> Vec<String> {
    let known: Vec<&str> = plugin.functions.iter().map(|function| function.name).collect();
    let meant = did_you_mean(function, known.iter().copied());
    let hint = format!("the plugin {} has {}{meant}", plugin.name, known.join(", "));
    vec!["UNKNOWN_XENAPI_PLUGIN_FUNCTION".into(), presentable(function), hint]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_four_items_of_the_original() {
        let failure = Failure::new(Class::RetryableError, "Got HTTP 404 from http://u:p@glance\x07");
        assert_eq!(
            failure.description("download_vhd2"),
            [
                "XENAPI_PLUGIN_FAILURE",
                "download_vhd2",
                "RetryableError",
                "Got HTTP 404 from http://***@glance\u{fffd}"
            ]
        );
        assert_eq!(Failure::image_not_found().description("upload_vhd2")[2..], ["Failure", "ImageNotFound"]);
    }

    #[test]
    fn sources_are_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("opening /x")]
        struct Opening(#[source] std::io::Error);
        let error = Opening(std::io::Error::other("no such thing"));
        let failure = Failure::from_error(Class::OsError, &error);
        assert_eq!(failure.to_string(), "OSError: opening /x: no such thing");
    }

    #[test]
    fn secrets_learned_later_do_not_leave_either() {
        let failure = Failure::new(Class::Exception, "the server said late-secret-77");
        let _late = crate::wire::Secret::new("late-secret-77");
        assert_eq!(failure.description("f")[3], "the server said ***");
    }
}
