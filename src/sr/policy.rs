//! What is in force for the SRs of this host.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Settings, key};

/// How a repository is to be treated.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Where the storage manager keeps its locks.
    pub(super) locks: PathBuf,
    /// How long to wait for one.
    pub(super) patience: Duration,
    /// The file that says whether this host is its pool's master.
    pub(super) pool: PathBuf,
    /// Where receipts are kept.
    pub(super) state: PathBuf,
    /// Part of the file system that is never filled, percent.
    pub(super) reserve: u64,
    /// Most data that one image may bring, bytes; 0 for no limit but the room there is.
    pub(super) max_image: u64,
}

impl From<&Settings> for Policy {
    fn from(settings: &Settings) -> Self {
        Self {
            locks: settings.path(key::SR_LOCKS),
            patience: settings.seconds(key::SR_LOCK_WAIT),
            pool: settings.path(key::XAPI_POOL),
            state: settings.path(key::STATE),
            reserve: settings.number(key::SR_RESERVE),
            max_image: settings.number(key::SR_MAX_IMAGE).saturating_mul(1 << 20),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::from(&Settings::default())
    }
}

impl Policy {
    /// Whether this host is a slave: then the locks that count are on another. One that is in no pool has no such file; one
    /// whose file cannot be read may be.
    #[must_use]
    pub fn is_slave(&self) -> bool {
        match std::fs::read_to_string(&self.pool) {
            Ok(content) => content.trim_start().starts_with("slave"),
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        }
    }
}
