//! A private directory in the SR's root, on its file system, gone when it is dropped.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;

use rustix::fs::FileType;

use super::claim::{self, Claim};
use super::error::Error;
use super::gate::Gate;
use super::repository::Repository;
use crate::os::{self, Dir, Lock};

/// First part of the directory's name. The storage manager's journal scanner trips over names that start with `leaf`,
/// `relink`, `clone`, `coalesce` or `zero`; it does not list names that start with a dot.
const PREFIX: &str = ".vhd-porter-";
/// Last part of the directory's name.
const SUFFIX: &str = ".staging";

/// The staging area of one run: mode 0700, claimed for as long as its owner lives. Dropping it removes it with everything
/// in it.
#[derive(Debug)]
pub struct Staging {
    dir: Dir,
    /// Held until the last.
    _claim: Lock,
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
        let made =
            tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).permissions(private).tempdir_in(root);
        let made = made.map_err(os::Error::at("creating a staging directory in", root))?;
        let dir = Dir::open(made.path())?;
        if dir.device()? != sr.dir().device()? {
            let other = std::io::Error::from(ErrorKind::CrossesDevices);
            return Err(os::Error::at("creating a staging directory in", root)(other).into());
        }
        let claim = claim::stake(&dir, claim)?;
        // From here on it is removed by us, the claim last.
        let path = made.keep();
        drop(gate);
        tracing::debug!(path = %path.display(), "staging area made");
        Ok(Self { dir, _claim: claim, abandoned: false })
    }

    /// Takes over the staging area of a dead owner; `None` while the owner lives, or when it is gone.
    pub(super) fn inherit(sr: &Repository, name: &str) -> Result<Option<Self>, Error> {
        if sr.dir().stat(name)?.is_none() {
            return Ok(None);
        }
        let dir = sr.dir().open_dir(name)?;
        Ok(Lock::try_take(&dir, claim::NAME)?.map(|claim| Self { dir, _claim: claim, abandoned: false }))
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

    /// Removes what is in it, then the claim, then the directory: whoever finds it without a claim finds it empty.
    fn clear(&self) -> Result<(), Error> {
        for name in self.dir.names()?.iter().filter(|name| *name != OsStr::new(claim::NAME)) {
            let path = self.dir.path().join(name);
            let removed = match std::fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(&path),
                _ => std::fs::remove_file(&path),
            };
            removed.map_err(os::Error::at("removing", &path))?;
        }
        self.dir.unlink(claim::NAME)?;
        let path = self.dir.path();
        match std::fs::remove_dir(path) {
            // Somebody found it without its claim and has taken it over.
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => {
                Ok(())
            }
            removed => Ok(removed.map_err(os::Error::at("removing", path))?),
        }
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

/// The names of all staging areas in `sr`. What has such a name and is no directory is none of ours: a symlink would
/// lead whoever cleans up out of the SR.
pub(super) fn all(sr: &Repository) -> Result<Vec<String>, Error> {
    let mut staging = Vec::new();
    for name in sr.dir().names()?.into_iter().filter_map(|name| name.into_string().ok()) {
        if !name.starts_with(PREFIX) || !name.ends_with(SUFFIX) {
            continue;
        }
        match sr.dir().stat(&name)?.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            Some(FileType::Directory) => staging.push(name),
            Some(_) => tracing::warn!(name, "no directory, but named like a staging area: left alone"),
            None => {}
        }
    }
    Ok(staging)
}

/// Refuses uuids that somebody is at work for. Under the gate.
fn require_unclaimed(sr: &Repository, claim: &Claim) -> Result<(), Error> {
    if claim.uuids.is_empty() {
        return Ok(());
    }
    for name in all(sr)? {
        let Some((claimed, alive)) = look(sr, &name)? else { continue };
        let Some(uuid) = claim.uuids.iter().find(|uuid| claimed.claim.uuids.contains(uuid)) else { continue };
        if alive {
            let same = !claim.call.is_empty() && claim.call == claimed.claim.call;
            let owner = claimed.owner;
            return Err(Error::InWork { uuid: *uuid, same, owner });
        }
    }
    Ok(())
}

/// What a staging area is claimed for, and whether its owner lives; `None` when it has gone.
pub(super) fn look(sr: &Repository, name: &str) -> Result<Option<(claim::Claimed, bool)>, Error> {
    let dir = match sr.dir().open_dir(name) {
        Ok(dir) => dir,
        Err(error) if error.source.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let claimed = claim::read(&dir)?;
    let alive = dir.stat(claim::NAME)?.is_some() && Lock::try_take(&dir, claim::NAME)?.is_none();
    Ok(Some((claimed, alive)))
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
