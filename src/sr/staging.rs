//! A private directory in the SR's root, on its file system, gone when it is dropped.

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
        let guard = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempdir_in(root);
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
