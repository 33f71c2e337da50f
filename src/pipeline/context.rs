//! What every stage may use: the tool, the clock, and somebody to tell how far it is.

use std::time::SystemTime;

use super::progress::{Progress, Stage};
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

    pub(crate) fn stage(&self, stage: Stage, total: Option<u64>) {
        tracing::info!(total, "{}", stage.says());
        self.progress.stage(stage, total);
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
