//! From a plugin call into the pipeline: the context of a run, and what its errors mean to the control plane.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::failure::{Class, Failure};
use crate::config::{self, Settings, key};
use crate::pipeline::{self, Context, Kind, Lines};
use crate::tool::{self, Choice};
use crate::wire::{Value, json};

/// How often a running call writes to the log how far it is.
const EVERY: Duration = Duration::from_secs(5);

/// Runs `work` with the tool of `choice`, its progress in the log; what it returns is the result of the call.
///
/// # Errors
/// Those of `work`, as the control plane knows them.
pub fn work<T: Serialize>(
    choice: Choice,
    work: impl FnOnce(Context<'_>) -> Result<T, pipeline::Error>,
) -> Result<Value, Failure> {
    let settings = settings()?;
    let tool = tool::select(choice, settings.text(key::VHD_UTIL)).map_err(pipeline::Error::from)?;
    let progress = Lines::new(EVERY, |line| tracing::info!("{line}"));
    let context = Context { tool: tool.as_ref(), progress: &progress, clock: SystemTime::now };
    value(&context.run(work)?)
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
fn value(report: &impl Serialize) -> Result<Value, Failure> {
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
        Kind::Taken => Class::PluginError,
        Kind::NotFound | Kind::BadSr | Kind::NoSpace | Kind::System => Class::OsError,
        Kind::Tool => Class::SubprocessException,
        Kind::ToolMissing => Class::CommandNotFound,
    }
}

impl From<pipeline::Error> for Failure {
    fn from(error: pipeline::Error) -> Self {
        Self::new(class(error.kind()), error.full_message())
    }
}
