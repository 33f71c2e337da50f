//! [`Subject`]: what is looked at, and from where.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{self, Settings};

/// Longest that a program or xapi may take to say how it is.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What is looked at: this host as the configuration describes it, and maybe an SR.
#[derive(Debug)]
pub struct Subject {
    /// The settings in force, as far as they fit.
    pub settings: Settings,
    /// What does not fit.
    pub wrong: Vec<config::Error>,
    /// This program.
    pub program: PathBuf,
    /// Where xapi looks for plugins.
    pub plugins: PathBuf,
    /// The directory of an SR.
    pub sr: Option<PathBuf>,
}

impl Subject {
    /// The program of this name beside this one.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.program.parent().unwrap_or(Path::new("/")).join(name)
    }
}
