//! What the manifest says of one name.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::standing::Fingerprint;

/// A name, what we may have put there, and the backup of what was there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The name, absolute, as the installed system sees it.
    pub(super) path: PathBuf,
    /// What we may have put there: between the start and the end of an upgrade, the old and the new.
    pub(super) ours: Vec<Fingerprint>,
    /// The name of the backup, in the same directory.
    pub(super) backup: Option<String>,
}

impl Entry {
    /// Whether what stands at the name is ours.
    pub(super) fn owns(&self, found: &Fingerprint) -> bool {
        self.ours.contains(found) || found.is_plugin()
    }

    /// Whether it is a link of ours.
    pub(super) fn is_link(&self) -> bool {
        self.ours.iter().any(|ours| matches!(ours, Fingerprint::Link(_)))
    }
}
