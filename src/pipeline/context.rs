//! What every stage may use: the tool, the clock, and somebody to tell how far it is.

use std::time::SystemTime;

use super::error::Error;
use super::progress::{Progress, Stage};
use crate::os;
use crate::tool::VhdTool;
use crate::vhd::VhdTime;

/// Handed to every stage.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who relinks and checks.
    pub tool: &'a dyn VhdTool,
    /// Who is told.
    pub progress: &'a dyn Progress,
    /// What time it is.
    pub clock: fn() -> SystemTime,
}

impl Context<'_> {
    /// The time, as images hold it.
    #[must_use]
    pub fn now(&self) -> VhdTime {
        VhdTime::from_system((self.clock)())
    }

    /// Does `work`. If a signal stopped it, that is all its error says: where it was is of no use to anybody.
    ///
    /// # Errors
    /// Those of `work`; [`Error::Stopped`].
    pub fn run<T>(self, work: impl FnOnce(Self) -> Result<T, Error>) -> Result<T, Error> {
        work(self).map_err(|error| match error.stopped_by() {
            Some(signal) => {
                tracing::info!(place = error.full_message(), "stopped");
                Error::Stopped { signal }
            }
            None => error,
        })
    }

    /// A stage begins, unless a signal has come.
    pub(crate) fn stage(&self, stage: Stage, total: Option<u64>) -> Result<(), Error> {
        os::stop::check().map_err(os::Error::at("beginning with", stage.says()))?;
        tracing::info!(total, "{}", stage.says());
        self.progress.stage(stage, total);
        Ok(())
    }
}
