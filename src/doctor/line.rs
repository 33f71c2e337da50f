//! [`Line`]: one thing that was found.

use serde::Serialize;

use crate::os;

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing needs to be done.
    Good,
    /// Works, but not as well or not as safely as it could.
    Warn,
    /// Something does not work.
    Bad,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What was looked at.
    pub what: &'static str,
    /// What that means.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do about it; every line that is not good says so.
    pub advice: Option<String>,
}

impl Line {
    pub(super) fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, level: Level::Good, found: found.into(), advice: None }
    }

    pub(super) fn warn(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, level: Level::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    pub(super) fn bad(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, level: Level::Bad, found: found.into(), advice: Some(advice.into()) }
    }

    /// What could not be looked at.
    pub(super) fn failed(
        what: &'static str,
        error: &(dyn std::error::Error + 'static),
        advice: impl Into<String>,
    ) -> Self {
        Self::bad(what, os::in_full(error), advice)
    }
}
