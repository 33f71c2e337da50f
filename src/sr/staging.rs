//! A private directory in the SR's root, on its file system, gone when it is dropped.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::error::Error;
use super::repository::Repository;
use crate::os::{self, Dir};

/// First part of the directory's name. The storage manager's journal scanner trips over names that start with `leaf`,
/// `relink`, `clone`, `coalesce` or `zero`; it does not list names that start with a dot.
pub(crate) const PREFIX: &str = ".vhd-porter-";
/// Last part of the directory's name.
pub(crate) const SUFFIX: &str = ".staging";

/// The staging area of one run: mode 0700. Dropping it removes it with everything in it.
#[derive(Debug)]
pub struct Staging {
    dir: Dir,
    guard: TempDir,
}

impl Staging {
    /// Makes a new staging area in `sr`.
    ///
    /// # Errors
    /// The directory cannot be created; it is not on the SR's own file system.
    pub fn create(sr: &Repository) -> Result<Self, Error> {
        let root = sr.dir().path();
        let private = Permissions::from_mode(0o700);
        let guard =
            tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).permissions(private).tempdir_in(root);
        let guard = guard.map_err(os::Error::at("creating a staging directory in", root))?;
        let dir = Dir::open(guard.path())?;
        if dir.device()? != sr.dir().device()? {
            let other = std::io::Error::from(std::io::ErrorKind::CrossesDevices);
            return Err(os::Error::at("creating a staging directory in", root)(other).into());
        }
        tracing::debug!(path = %guard.path().display(), "staging area made");
        Ok(Self { dir, guard })
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
    pub fn remove(self) -> Result<(), Error> {
        let path = self.guard.path().to_owned();
        self.guard.close().map_err(os::Error::at("removing", path)).map_err(Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_goes_with_what_is_in_it() {
        let root = tempfile::tempdir().unwrap();
        let sr = Repository::open_writable(root.path()).unwrap();
        let staging = Staging::create(&sr).unwrap();
        let path = staging.dir().path().to_owned();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        staging.dir().create("0.vhd").unwrap();
        drop(staging);
        assert!(!path.exists());
    }
}
