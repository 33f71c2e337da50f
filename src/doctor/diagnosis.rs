//! [`Diagnosis`]: everything that was found.

use serde::Serialize;

use super::line::{Level, Line};

/// A line, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Host, control plane or SR.
    pub area: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub line: Line,
}

/// Everything that was found, in the order of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// How many lines are good.
    pub good: usize,
    /// How many warn.
    pub warn: usize,
    /// How many are bad.
    pub bad: usize,
    /// All of them.
    pub lines: Vec<Entry>,
}

impl Diagnosis {
    pub(super) fn add(&mut self, area: &'static str, lines: Vec<Line>) {
        for line in lines {
            match line.level {
                Level::Good => self.good += 1,
                Level::Warn => self.warn += 1,
                Level::Bad => self.bad += 1,
            }
            self.lines.push(Entry { area, line });
        }
    }
}
