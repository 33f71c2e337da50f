//! What every stage may use: the tool, the clock, and somebody to tell how far it is.

use std::time::SystemTime;

use super::error::Error;
use super::meter::Meter;
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
    /// How many threads may work on one thing.
    pub threads: usize,
}

impl Context<'_> {
    /// The time, as images hold it.
    #[must_use]
    pub fn now(&self) -> VhdTime {
        VhdTime::from_system((self.clock)())
    }

    /// Does `work`, and says in the log what each of its stages came to. If a signal stopped it, that is all its error says:
    /// where it was is of no use to anybody.
    ///
    /// # Errors
    /// Those of `work`; [`Error::Stopped`].
    pub fn run<T>(self, work: impl FnOnce(Context<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let meter = Meter::new(self.progress);
        let done = work(Context { progress: &meter, ..self });
        meter.end(done.is_ok());
        done.map_err(|error| match error.stopped_by() {
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
        tracing::debug!(total, "{} begins", stage.says());
        self.progress.stage(stage, total);
        Ok(())
    }
}

/// The number of threads that `wanted` means: 0 is for as many as the CPU quota and affinity of this process leave it.
#[must_use]
pub fn threads(wanted: u64) -> usize {
    match usize::try_from(wanted) {
        Ok(0) | Err(_) => std::thread::available_parallelism().map_or(1, usize::from),
        Ok(wanted) => wanted,
    }
}
