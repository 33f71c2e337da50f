//! A private directory in the SR's root, on its file system, gone when it is dropped.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::claim::{self, Claim, Owner};
use super::error::Error;
use super::gate::Gate;
use super::journal::{self, Journal};
use super::repository::Repository;
use crate::os::{self, Dir, Lock};

/// First part of the directory's name. The storage manager's journal scanner trips over names that start with `leaf`,
/// `relink`, `clone`, `coalesce` or `zero`; it does not list names that start with a dot.
const PREFIX: &str = ".vhd-porter-";
/// Last part of the directory's name.
const SUFFIX: &str = ".staging";

/// How long to wait for others to close what was removed.
const CLOSING: Duration = Duration::from_secs(1);

/// The staging area of one run: mode 0700, claimed for as long as its owner lives. Dropping it removes it with everything
/// in it.
#[derive(Debug)]
pub struct Staging {
    dir: Dir,
    /// Held until the last.
    claim: Option<Lock>,
    abandoned: bool,
}

impl Staging {
    /// Makes a new staging area in `sr`, for work that ends in the uuids of `claim`.
    ///
    /// # Errors
    /// The same call runs already, or another one with one of the uuids; the directory cannot be created; it is not on
    /// the SR's own file system.
    pub fn create(sr: &Repository, claim: &Claim) -> Result<Self, Error> {
        let root = sr.dir().path();
        let gate = Gate::enter(sr)?;
        require_unclaimed(sr, claim)?;
        let private = Permissions::from_mode(0o700);
        let mut named = tempfile::Builder::new();
        named.prefix(PREFIX).suffix(SUFFIX).permissions(private);
        let made = os::again(|| named.tempdir_in(root));
        let made = made.map_err(os::Error::at("creating a staging directory in", root))?;
        let dir = Dir::open(made.path())?;
        if dir.device()? != sr.dir().device()? {
            let other = std::io::Error::from(ErrorKind::CrossesDevices);
            return Err(os::Error::at("creating a staging directory in", root)(other).into());
        }
        let claim = Some(claim::stake(&dir, claim)?);
        // From here on it is removed by us, the claim last.
        let path = made.keep();
        drop(gate);
        tracing::debug!(path = %path.display(), "staging area made");
        Ok(Self { dir, claim, abandoned: false })
    }

    /// Takes over the staging area of a dead owner; `None` while the owner lives, or when it is gone.
    pub(super) fn inherit(sr: &Repository, name: &str) -> Result<Option<Self>, Error> {
        let Some(dir) = open(sr, name)? else { return Ok(None) };
        match Lock::try_take(&dir, claim::NAME) {
            Ok(claim) => Ok(claim.map(|claim| Self { dir, claim: Some(claim), abandoned: false })),
            // Its owner has just removed it.
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Removes it, and says so if that failed.
    ///
    /// # Errors
    /// The system refused: something is left behind.
    pub fn remove(mut self) -> Result<(), Error> {
        self.abandoned = true;
        self.clear()
    }

    /// Leaves it as it is, for a recovery.
    pub(super) fn abandon(mut self) {
        self.abandoned = true;
    }

    /// Removes what is in it, then the journal, then the claim, then the directory: whoever finds it without a journal knows
    /// that there is nothing to end, and whoever finds it without a claim finds it empty.
    fn clear(&mut self) -> Result<(), Error> {
        let mut names = self.dir.names()?;
        names.retain(|name| *name != OsStr::new(claim::NAME));
        names.sort_by_key(|name| *name == OsStr::new(journal::NAME));
        for name in names {
            let path = self.dir.path().join(name);
            let removed = os::again(|| match std::fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(&path),
                _ => std::fs::remove_file(&path),
            });
            removed.map_err(os::Error::at("removing", &path))?;
        }
        self.dir.unlink(claim::NAME)?;
        // NFS and FUSE keep a file that is open under another name until it is closed.
        self.claim = None;
        self.remove_directory()
    }

    fn remove_directory(&self) -> Result<(), Error> {
        let (path, start) = (self.dir.path(), Instant::now());
        loop {
            match os::again(|| std::fs::remove_dir(path)) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                // Somebody found it without its claim and has taken it over.
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && self.is_claimed()? => {
                    return Ok(());
                }
                // Somebody has just looked at the claim, and will close it.
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && start.elapsed() < CLOSING => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                removed => return Ok(removed.map_err(os::Error::at("removing", path))?),
            }
        }
    }

    fn is_claimed(&self) -> Result<bool, Error> {
        Ok(self.dir.stat(claim::NAME)?.is_some())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.abandoned {
            return;
        }
        if let Err(error) = self.clear() {
            tracing::warn!(%error, "a staging area is left, for the next run to remove");
        }
    }
}

/// The names of all staging areas in `sr`.
pub(super) fn all(sr: &Repository) -> Result<Vec<String>, Error> {
    let names = sr.dir().names()?.into_iter().filter_map(|name| name.into_string().ok());
    Ok(names.filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)).collect())
}

/// Opens a staging area; `None` when it has gone. A symlink of such a name is none of ours.
pub(super) fn open(sr: &Repository, name: &str) -> Result<Option<Dir>, Error> {
    match sr.dir().open_dir(name) {
        Ok(dir) => Ok(Some(dir)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Refuses uuids that somebody is at work for, or was when it died. Under the gate.
fn require_unclaimed(sr: &Repository, claim: &Claim) -> Result<(), Error> {
    if claim.uuids.is_empty() {
        return Ok(());
    }
    for name in all(sr)? {
        let seen = match look(sr, &name) {
            Ok(Some(seen)) => seen,
            Ok(None) => continue,
            // It can keep nobody from a uuid: nothing ever lands over what is there.
            Err(error) => {
                tracing::warn!(staging = name, %error, "a staging area cannot be looked at");
                continue;
            }
        };
        let Some(uuid) = claim.uuids.iter().find(|uuid| seen.uuids.contains(uuid)) else { continue };
        if !seen.alive {
            return Err(Error::Unrecovered { uuid: *uuid, staging: sr.dir().join(&name) });
        }
        let same = !claim.call.is_empty() && claim.call == seen.call;
        return Err(Error::InWork { uuid: *uuid, same, owner: seen.owner });
    }
    Ok(())
}

/// What can be told of a staging area from outside.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) owner: Owner,
    /// Digest of the call.
    pub(super) call: String,
    /// The uuids that it is to end in, by its claim and its journal.
    pub(super) uuids: Vec<Uuid>,
    /// Whether the owner lives.
    pub(super) alive: bool,
}

/// Looks at a staging area without touching it; `None` when it has gone. Under the gate.
pub(super) fn look(sr: &Repository, name: &str) -> Result<Option<Seen>, Error> {
    let Some(dir) = open(sr, name)? else { return Ok(None) };
    let alive = Lock::is_held(&dir, claim::NAME)?;
    let claim::Claimed { owner, claim: Claim { call, mut uuids } } = claim::read(&dir)?;
    // After a power failure the claim may be cut off. The journal is durable before anything lands.
    if let Ok(Some(journal)) = Journal::read(&dir) {
        uuids.extend(journal.links.iter().map(|entry| entry.uuid));
    }
    Ok(Some(Seen { owner, call, uuids, alive }))
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::sr::Policy;

    #[test]
    fn it_is_private_and_goes_with_what_is_in_it() {
        let root = tempfile::tempdir().unwrap();
        let sr = Repository::open_writable(root.path(), Policy::default()).unwrap();
        let staging = Staging::create(&sr, &Claim::default()).unwrap();
        let path = staging.dir().path().to_owned();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        staging.dir().create("0.vhd").unwrap();
        drop(staging);
        assert!(!path.exists());
    }
}
