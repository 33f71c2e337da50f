//! [`Site`]: the system that is installed into, which is this one or a tree that will become one.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, CWD};
use rustix::io::Errno;

use super::error::Error;
use super::manifest::Manifest;
use crate::os::{self, Dir, Lock};

/// Where the manifest is.
const STATE: &str = "/var/lib/vhd-porter";
/// Locked in there by whoever installs or uninstalls.
const LOCK: &str = "install.lock";

/// A system to install into.
#[derive(Debug)]
pub struct Site {
    root: PathBuf,
}

impl Site {
    /// This system, or the tree at `root`.
    ///
    /// # Errors
    /// There is no directory `root`.
    pub fn new(root: Option<&Path>) -> Result<Self, Error> {
        let root = root.unwrap_or(Path::new("/")).to_owned();
        if root.is_dir() { Ok(Self { root }) } else { Err(Error::NoRoot(root)) }
    }

    /// Where a path of the installed system is now.
    #[must_use]
    pub fn actual(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Whether it is not this system, but a tree.
    #[must_use]
    pub fn is_staged(&self) -> bool {
        self.root != Path::new("/")
    }

    /// Whether `file` is what stands at `path` already, by the same inode.
    #[must_use]
    pub fn is_at(&self, file: &Path, path: &Path) -> bool {
        let identity = |path: &Path| path.metadata().map(|metadata| (metadata.dev(), metadata.ino())).ok();
        identity(file).is_some_and(|file| identity(&self.actual(path)) == Some(file))
    }

    /// Whether an install has put something at `path`.
    ///
    /// # Errors
    /// The manifest cannot be read.
    pub fn has_installed(&self, path: &Path) -> Result<bool, Error> {
        Ok(self.manifest()?.is_some_and(|manifest| manifest.entry(path).is_some()))
    }

    /// What was installed.
    pub(super) fn manifest(&self) -> Result<Option<Manifest>, Error> {
        match Dir::open(self.state()) {
            Ok(state) => Manifest::read(&state),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The directory with the manifest.
    pub(super) fn state(&self) -> PathBuf {
        self.actual(Path::new(STATE))
    }

    /// Whether the manifest can be written: its directory is no part of what is installed.
    pub(super) fn check_state(&self) -> Result<(), Error> {
        self.missing(Path::new(STATE)).map(drop)
    }

    /// Opens that directory, which is made where it is not there, and keeps others out of the installation.
    pub(super) fn lock(&self) -> Result<(Dir, Lock), Error> {
        let state = self.state();
        for directory in self.missing(Path::new(STATE))? {
            self.make(&directory)?;
        }
        let state = Dir::open(state)?;
        let lock = Lock::try_take(&state, LOCK)?.ok_or_else(|| Error::Busy(state.join(LOCK)))?;
        Ok((state, lock))
    }

    /// Removes the lock's file, and the directory if nothing else is in it.
    pub(super) fn unlock(&self, state: &Dir, lock: Lock) -> Result<(), Error> {
        state.unlink(LOCK)?;
        drop(lock);
        self.remove(Path::new(STATE))
    }

    /// The directories that have to be made for `directory` to be there, each after its parent. Finds out
    /// beforehand whether they can be, and whether names can be made in them.
    pub(super) fn missing(&self, directory: &Path) -> Result<Vec<PathBuf>, Error> {
        let mut missing = Vec::new();
        for path in directory.ancestors() {
            let actual = self.actual(path);
            // A link in a tree that is only staged may lead out of it, into this system.
            let leads_out = self.is_staged() && actual != self.root && actual.is_symlink();
            match actual.metadata() {
                Ok(metadata) if metadata.is_dir() && !leads_out => {
                    writable(&actual)?;
                    missing.reverse();
                    return Ok(missing);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound && !actual.is_symlink() => {
                    missing.push(path.to_owned());
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(Error::Privileges(actual));
                }
                Ok(_) | Err(_) => {
                    let found = if actual.is_symlink() { "a symlink" } else { "a file" };
                    return Err(Error::InTheWay { path: actual, expected: "a directory", found });
                }
            }
        }
        Err(Error::NoRoot(self.root.clone()))
    }

    /// Makes a directory that all can enter.
    pub(super) fn make(&self, directory: &Path) -> Result<(), Error> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = self.actual(directory);
        match std::fs::DirBuilder::new().mode(0o755).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(os::Error::at("creating directory", &path)(error).into())
            }
            _ => Ok(()),
        }
    }

    /// Removes a directory that we made, unless something is in it or it is gone.
    pub(super) fn remove(&self, directory: &Path) -> Result<(), Error> {
        let path = self.actual(directory);
        match std::fs::remove_dir(&path) {
            Err(error)
                if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) =>
            {
                Err(os::Error::at("removing directory", &path)(error).into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether names can be made in a directory.
fn writable(directory: &Path) -> Result<(), Error> {
    match rustix::fs::accessat(
        CWD,
        directory,
        Access::WRITE_OK | Access::EXEC_OK,
        rustix::fs::AtFlags::empty(),
    ) {
        Ok(()) => Ok(()),
        Err(Errno::ACCESS | Errno::PERM) => Err(Error::Privileges(directory.to_owned())),
        Err(Errno::ROFS) => Err(Error::ReadOnly(directory.to_owned())),
        Err(error) => Err(os::Error::at("examining", directory)(error).into()),
    }
}
