//! Work of a call that moves data: its status is told while it lasts.

use serde::Serialize;

use super::failure::Failure;
use super::work::{EVERY, in_context, value};
use crate::config::{Settings, key};
use crate::pipeline::{self, Both, Context, Lines};
use crate::status::{Reporter, Subject};
use crate::tool::Choice;
use crate::wire::Value;

/// What is to be moved, and how.
pub struct Transfer<'a> {
    /// The settings in force.
    pub settings: &'a Settings,
    /// What its status says that it is.
    pub subject: Subject,
    /// Which tool works on chains.
    pub choice: Choice,
}

impl Transfer<'_> {
    /// Runs `work`, its progress in the log and in its status; what it returns is the result of the call.
    ///
    /// # Errors
    /// Those of `work`, as the control plane knows them.
    pub fn run<T: Serialize>(
        self,
        work: impl FnOnce(Context<'_>) -> Result<T, pipeline::Error>,
    ) -> Result<Value, Failure> {
        self.run_with(|context| Ok(context.run(work)?))
    }

    /// As [`Self::run`], for work that knows best what its errors mean.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn run_with<T: Serialize>(
        self,
        work: impl FnOnce(Context<'_>) -> Result<T, Failure>,
    ) -> Result<Value, Failure> {
        let lines = Lines::new(EVERY, |line| tracing::info!("{line}"));
        let reporter = Reporter::begin(&self.settings.path(key::STATE), self.subject);
        let done = in_context(self.settings, self.choice, &Both(&lines, &reporter), |context| {
            value(&work(context)?)
        });
        reporter.end(done.as_ref().err().map(Failure::message));
        done
    }
}
