//! What is done to a name, for reports.

use std::path::PathBuf;

use serde::Serialize;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// There was nothing.
    Create,
    /// There was something else: of ours, or with a backup from now on.
    Replace,
    /// What is wanted is there already.
    Keep,
    /// What was there before us is there again.
    Restore,
    /// Ours goes, and there was nothing before it.
    Remove,
    /// Somebody else has put something there since: it stays.
    Leave,
}

/// What is done to one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The name, as the installed system sees it.
    pub path: PathBuf,
    /// What is done.
    pub action: Action,
    /// Where what was there before is kept from now on.
    pub backup: Option<PathBuf>,
}
