//! What is remembered of calls that landed, for the same call made again because its answer was lost.
//!
//! A receipt is written before the commit point and counts only while the leaf that it speaks of is in the SR, so it is
//! never wrong, whenever the process dies. It is kept on this host, for a day: no task of xapi lives longer
//! (`pending_task_timeout`).

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::repository::Repository;
use crate::os;

/// How long a receipt is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Digest of the call.
    pub call: String,
    /// The leaf that it landed.
    pub leaf: Uuid,
    /// The answer, as JSON.
    pub answer: String,
}

/// A receipt in its file.
#[derive(Serialize, Deserialize)]
struct Stored {
    receipt: Receipt,
    inode: u64,
}

impl Receipt {
    /// The receipt of the call that landed `leaf` in `sr`, if it is the call whose digest is `call`, and the leaf is there.
    #[must_use]
    pub fn find(sr: &Repository, call: &str, leaf: Uuid) -> Option<Self> {
        let text = std::fs::read(file(sr, leaf)).ok()?;
        let Stored { receipt, inode } = serde_json::from_slice(&text).ok()?;
        let holds = receipt.call == call && receipt.leaf == leaf && sr.inode(leaf).ok()? == Some(inode);
        holds.then_some(receipt)
    }

    /// Keeps it, for a leaf that is to land with `inode`. Receipts that are too old go.
    ///
    /// # Errors
    /// The system refused.
    pub fn keep(self, sr: &Repository, inode: u64) -> Result<(), os::Error> {
        let path = file(sr, self.leaf);
        let dir = directory(sr);
        std::fs::create_dir_all(&dir).map_err(os::Error::at("creating", &dir))?;
        sweep(&dir);
        let text = serde_json::to_vec(&Stored { receipt: self, inode });
        let text = text.map_err(|e| os::Error::at("writing", &path)(std::io::Error::from(e)))?;
        let mut new =
            tempfile::NamedTempFile::new_in(&dir).map_err(os::Error::at("creating a file in", &dir))?;
        new.write_all(&text).map_err(os::Error::at("writing", &path))?;
        new.as_file().sync_all().map_err(os::Error::at("syncing", &path))?;
        new.persist(&path).map_err(os::Error::at("naming", &path))?;
        os::Dir::open(&dir)?.sync()
    }
}

fn directory(sr: &Repository) -> PathBuf {
    sr.policy().state.join("receipts")
}

fn file(sr: &Repository, leaf: Uuid) -> PathBuf {
    directory(sr).join(format!("{leaf}.json"))
}

/// Removes what is too old. What cannot be looked at or removed stays, and does no harm.
fn sweep(dir: &std::path::Path) {
    let now = SystemTime::now();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        if written.is_ok_and(|time| now.duration_since(time).is_ok_and(|age| age > KEPT)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
