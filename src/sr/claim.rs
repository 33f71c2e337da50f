//! Who works in a staging area, and which uuids the work is to end in: a file in it, locked for as long as its owner lives.

use std::io::{Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::Error;
use crate::os::{self, Dir, Lock};

/// Its name in the staging area.
pub(super) const NAME: &str = "claim";
/// Longer than any claim: what is longer is none of ours.
const LONGEST: u64 = 64 << 10;

/// What a staging area is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Digest of the call, equal for the same call made again; empty where that cannot be told.
    pub call: String,
    /// The uuids that it is to end in.
    pub uuids: Vec<Uuid>,
}

/// Who made a staging area.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Name of the host.
    pub host: String,
    /// Its process.
    pub pid: u32,
    /// When, seconds since 1970.
    pub since: u64,
}

impl Owner {
    fn ourselves() -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { host, pid: std::process::id(), since }
    }
}

/// The file's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claimed {
    pub(super) owner: Owner,
    pub(super) claim: Claim,
}

/// Writes the claim of a staging area of ours; it holds as long as the lock.
pub(super) fn stake(dir: &Dir, claim: &Claim) -> Result<Lock, Error> {
    let path = dir.join(NAME);
    let lock = Lock::try_take(dir, NAME)?.ok_or_else(|| {
        os::Error::at("locking", &path)(std::io::Error::other("somebody else holds the lock of a new file"))
    })?;
    let claimed = Claimed { owner: Owner::ourselves(), claim: claim.clone() };
    let text =
        serde_json::to_vec(&claimed).map_err(|e| os::Error::at("writing", &path)(std::io::Error::from(e)))?;
    lock.file().write_all(&text).map_err(os::Error::at("writing", &path))?;
    Ok(lock)
}

/// What stands in the claim of a staging area. One that was cut off by a crash, or is just being removed, says nothing:
/// all in it are defaults.
pub(super) fn read(dir: &Dir) -> Result<Claimed, Error> {
    let file = match dir.open_file(NAME, false) {
        Ok(file) => file,
        Err(error) if error.is_missing() => return Ok(Claimed::default()),
        Err(error) => return Err(error.into()),
    };
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text).map_err(os::Error::at("reading", dir.join(NAME)))?;
    Ok(serde_json::from_slice(&text).unwrap_or_default())
}
