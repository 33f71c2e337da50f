//! What every stage may use: the tool, the clock, and somebody to tell how far it is.

use std::time::SystemTime;

use crate::tool::VhdTool;
use crate::vhd::VhdTime;

/// The part of the work that is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading an image into staging.
    Unpack,
    /// Copying files into staging.
    Duplicate,
    /// Checking and relinking.
    Relink,
    /// Making files durable and moving them into the SR.
    Land,
    /// Writing an image.
    Pack,
}

impl Stage {
    /// What is going on, for people.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Unpack => "unpacking",
            Self::Duplicate => "copying",
            Self::Relink => "relinking and checking",
            Self::Land => "moving into the SR",
            Self::Pack => "packing",
        }
    }
}

/// Somebody who wants to know how far the work is.
pub trait Progress: Sync {
    /// A stage begins, with this many bytes to go through if that is known.
    fn stage(&self, stage: Stage, total: Option<u64>);
    /// So many more bytes are through.
    fn advance(&self, bytes: u64);
}

/// Nobody.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}

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

    pub(crate) fn stage(&self, stage: Stage, total: Option<u64>) {
        tracing::info!(total, "{}", stage.says());
        self.progress.stage(stage, total);
    }
}
