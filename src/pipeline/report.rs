//! What an import or copy came to.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The part of the answer that the control plane reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The leaf: the VDI to attach.
    pub uuid: Uuid,
}

/// One link of a chain that was landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkReport {
    /// The VDI.
    pub uuid: Uuid,
    /// Its parent in the SR.
    pub parent: Option<Uuid>,
    /// Size of the virtual disk, bytes.
    pub virtual_size: u64,
    /// Length of the file, bytes.
    pub physical_size: u64,
    /// Whether it is an inner node.
    pub hidden: bool,
    /// What the file was called where it came from.
    pub source: String,
}

/// A chain that is in the SR now, or would be but for `--dry-run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The leaf.
    pub root: Root,
    /// All links, leaf first.
    pub chain: Vec<LinkReport>,
    /// Bytes read from the source.
    pub bytes_read: u64,
    /// MD5 of those, lower-case hex, if it was computed.
    pub md5: Option<String>,
    /// SHA-256 of those, if it was computed.
    pub sha256: Option<String>,
    /// SHA-512 of those, if it was computed.
    pub sha512: Option<String>,
    /// What was done beyond relinking, and what the tools remarked.
    pub notes: Vec<String>,
    /// Whether nothing was landed on purpose.
    pub dry_run: bool,
}

/// What the original plugins answer: `{"root": {"uuid": LEAF}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RootOnly {
    /// The leaf.
    pub root: Root,
}

impl Imported {
    /// The part that the original plugins answer.
    #[must_use]
    pub fn root_only(self) -> RootOnly {
        RootOnly { root: self.root }
    }
}
