//! From a plugin call into the pipeline: the context of a run, and what its errors mean to the control plane.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::failure::{Class, Failure};
use crate::block;
use crate::config::{self, Settings, key};
use crate::iso;
use crate::os;
use crate::pipeline::{self, Context, Kind, Progress, Silent};
use crate::status;
use crate::tool::{self, Choice};
use crate::wire::{Value, json};

/// How often a running call writes to the log how far it is.
pub(super) const EVERY: Duration = Duration::from_secs(5);

/// Runs `work`, which moves no data, with the tool of `choice`; what it returns is the result of the call.
///
/// # Errors
/// Those of `work`, as the control plane knows them.
pub fn work<T: Serialize>(
    choice: Choice,
    work: impl FnOnce(Context<'_>) -> Result<T, pipeline::Error>,
) -> Result<Value, Failure> {
    in_context(&settings()?, choice, &Silent, |context| value(&context.run(work)?))
}

/// Runs `work` with the tool of `choice`.
pub(super) fn in_context<T>(
    settings: &Settings,
    choice: Choice,
    progress: &dyn Progress,
    work: impl FnOnce(Context<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let tool = tool::select(choice, settings.text(key::VHD_UTIL)).map_err(pipeline::Error::from)?;
    work(Context {
        tool: tool.as_ref(),
        progress,
        clock: SystemTime::now,
        threads: pipeline::threads(settings.number(key::THREADS)),
    })
}

/// The settings in force on this host.
///
/// # Errors
/// The configuration is broken: a call that needs it is refused, one that does not is answered.
pub fn settings() -> Result<Settings, Failure> {
    Ok(Settings::load()?)
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::from_error(Class::PluginError, &error)
    }
}

/// A report as a value of the wire.
///
/// # Errors
/// It cannot be written as JSON.
pub fn value(report: &impl Serialize) -> Result<Value, Failure> {
    let text = serde_json::to_string(report).map_err(|e| Failure::from_error(Class::Exception, &e))?;
    json::read(&text).map_err(|e| Failure::from_error(Class::Exception, &e))
}

/// The table: what each kind of error is called in Python. Only `RetryableError` makes os-xenapi try again.
fn class(kind: Kind) -> Class {
    match kind {
        Kind::Busy | Kind::Stopped => Class::RetryableError,
        Kind::BadImage | Kind::BadArchive => Class::Exception,
        Kind::BadArgument => Class::ArgumentError,
        Kind::TooFewUuids => Class::IndexError,
        Kind::Taken | Kind::Refused => Class::PluginError,
        // os-xenapi glance.py tries again whatever happens to a download, a missing image included.
        Kind::Network | Kind::NoSuchImage => Class::RetryableError,
        Kind::NotFound | Kind::BadSr | Kind::NoSpace | Kind::System => Class::OsError,
        Kind::Tool => Class::SubprocessException,
        Kind::ToolMissing => Class::CommandNotFound,
        Kind::Changed => Class::RetryableError,
    }
}

impl From<os::SpawnError> for Failure {
    fn from(error: os::SpawnError) -> Self {
        let class = match &error {
            os::SpawnError::NotFound { .. } => Class::CommandNotFound,
            os::SpawnError::Io { .. } => Class::OsError,
            _ => Class::SubprocessException,
        };
        Self::from_error(class, &error)
    }
}

impl From<block::Error> for Failure {
    fn from(error: block::Error) -> Self {
        use block::Error;
        let class = match error {
            Error::Spawn(error) => return error.into(),
            Error::Name { .. } | Error::Label { .. } => Class::ArgumentError,
            Error::Busy(_) | Error::NoPartition { .. } | Error::FileSystem { .. } => Class::PluginError,
            Error::Output { .. } => Class::SubprocessException,
            Error::Missing(_) | Error::NotABlockDevice(_) | Error::Os(_) => Class::OsError,
        };
        Self::from_error(class, &error)
    }
}

impl From<iso::Error> for Failure {
    fn from(error: iso::Error) -> Self {
        let class = match error {
            iso::Error::Spawn(error) => return error.into(),
            iso::Error::Member { .. } => Class::Exception,
            iso::Error::Sr(_) | iso::Error::Os(_) => Class::OsError,
        };
        Self::from_error(class, &error)
    }
}

impl From<status::Error> for Failure {
    fn from(error: status::Error) -> Self {
        let class = match error {
            status::Error::Unknown { .. } | status::Error::Ambiguous { .. } => Class::ArgumentError,
            status::Error::Foreign { .. } | status::Error::Os(_) => Class::OsError,
        };
        Self::from_error(class, &error)
    }
}

impl From<pipeline::Error> for Failure {
    fn from(error: pipeline::Error) -> Self {
        Self::new(class(error.kind()), error.full_message())
    }
}
