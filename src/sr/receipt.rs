//! What is remembered of calls that landed, for the same call made again because its answer was lost.
//!
//! A receipt is written before the commit point and counts only while the chain that it speaks of is in the SR under
//! its leaf's name, so it is
//! never wrong, whenever the process dies. It counts for the same source only: one that is gone, or what is left of it, but
//! not one that has changed. It is kept on this host, for a day: no task of xapi lives longer (`pending_task_timeout`).

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::identity::Identity;
use super::repository::Repository;
use crate::os;

/// How long a receipt is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Longer than any receipt, bytes.
const LONGEST: u64 = 1 << 20;

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Digest of the call.
    pub call: String,
    /// What was there of its source.
    pub traces: BTreeSet<String>,
    /// The leaf that it landed.
    pub leaf: Uuid,
    /// The answer, as JSON.
    pub answer: String,
}

/// A receipt in its file.
#[derive(Serialize, Deserialize)]
struct Stored {
    receipt: Receipt,
    /// Of the SR.
    path: PathBuf,
    /// What the chain's files are known by. The storage manager folds a lone leaf into its parent, whose file has the leaf's
    /// name from then on.
    files: Vec<Identity>,
}

impl Receipt {
    /// The receipt of the call that landed `leaf` in `sr`, if it is the call whose digest is `call`, its source has nothing
    /// but `traces`, and the leaf's name leads to one of its files.
    #[must_use]
    pub fn find(sr: &Repository, call: &str, traces: &BTreeSet<String>, leaf: Uuid) -> Option<Self> {
        let mut text = Vec::new();
        std::fs::File::open(file(sr, leaf)).ok()?.take(LONGEST).read_to_end(&mut text).ok()?;
        let Stored { receipt, path, files } = serde_json::from_slice(&text).ok()?;
        let same = receipt.call == call && traces.is_subset(&receipt.traces);
        let found = Identity::of(&sr.open_vdi(leaf).ok()?).ok()?;
        let there = path == sr.real_path() && receipt.leaf == leaf && files.contains(&found);
        (same && there).then_some(receipt)
    }

    /// Keeps it, for a chain of `files` that is to land. Receipts that are too old go.
    ///
    /// # Errors
    /// The system refused.
    pub fn keep(self, sr: &Repository, files: &[Identity]) -> Result<(), os::Error> {
        let path = file(sr, self.leaf);
        let dir = directory(sr);
        os::again(|| std::fs::create_dir_all(&dir)).map_err(os::Error::at("creating", &dir))?;
        sweep(&dir);
        let text = serde_json::to_vec(&Stored {
            receipt: self,
            path: sr.real_path().to_owned(),
            files: files.to_vec(),
        });
        let text = text.map_err(|e| os::Error::at("writing", &path)(std::io::Error::from(e)))?;
        let new = os::again(|| tempfile::NamedTempFile::new_in(&dir));
        let mut new = new.map_err(os::Error::at("creating a file in", &dir))?;
        new.write_all(&text).map_err(os::Error::at("writing", &path))?;
        new.as_file().sync_all().map_err(os::Error::at("syncing", &path))?;
        let (from, to) = (new.into_temp_path(), path);
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let dir = os::Dir::open(&dir)?;
        dir.replace(&name(&from), &name(&to))?;
        dir.sync()
    }
}

fn directory(sr: &Repository) -> PathBuf {
    sr.policy().state.join("receipts")
}

/// Its file: SRs may have VDIs of the same uuid.
fn file(sr: &Repository, leaf: Uuid) -> PathBuf {
    let of = sr.uuid().map_or(String::new(), |uuid| format!("{uuid}."));
    directory(sr).join(format!("{of}{leaf}.json"))
}

/// Removes what is too old. What cannot be looked at or removed stays, and does no harm.
fn sweep(dir: &Path) {
    let now = SystemTime::now();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        if written.is_ok_and(|time| now.duration_since(time).is_ok_and(|age| age > KEPT)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
