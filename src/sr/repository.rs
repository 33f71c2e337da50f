//! The directory of an SR, checked once and held open.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::error::Error;
use super::policy::Policy;
use crate::os::{self, Dir};

/// What the storage manager may keep for a VDI under its uuid: any of these means that the uuid is taken.
const SUFFIXES: [&str; 6] = ["vhd", "raw", "qcow2", "cbtlog", "vhdcache", "vhd.new"];

/// Most links that a chain may have when it comes in: the storage manager takes a snapshot only of chains of less than
/// 30 (`vhdutil.MAX_CHAIN_SIZE`, looked at by `FileSR._snapshot`).
pub const MAX_DEPTH: usize = 29;

/// The file name of a VDI in an SR.
#[must_use]
pub fn vdi_file_name(uuid: Uuid) -> String {
    format!("{uuid}.vhd")
}

/// The VDI whose file has this name; `None` for every other name. Upper case is another name: the storage manager
/// compares texts.
#[must_use]
pub fn vdi_uuid(name: &OsStr) -> Option<Uuid> {
    let stem = name.to_str()?.strip_suffix(".vhd")?;
    Uuid::try_parse(stem).ok().filter(|uuid| uuid.to_string() == stem)
}

/// A storage repository.
#[derive(Debug)]
pub struct Repository {
    dir: Dir,
    /// Where its path leads to, without symlinks.
    real: PathBuf,
    uuid: Option<Uuid>,
    policy: Policy,
    made: Made,
}

/// Directories that were made for an SR, innermost first. Those that are still empty in the end go again.
#[derive(Debug, Default)]
struct Made(Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        for dir in &self.0 {
            // One with something in it stays: the system sees to that.
            let _ = std::fs::remove_dir(dir);
        }
    }
}

impl Repository {
    /// Opens the SR at `path` for reading.
    ///
    /// # Errors
    /// There is no directory.
    #[expect(clippy::disallowed_methods, reason = "this is the one home of roots")]
    pub fn open(path: &Path) -> Result<Self, Error> {
        match std::fs::metadata(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(Error::Missing(path.to_owned())),
            Err(e) => Err(os::Error::at("examining", path)(e).into()),
            Ok(metadata) if !metadata.is_dir() => Err(Error::NotADirectory(path.to_owned())),
            Ok(_) => {
                // Children like vhd-util get paths of files in here: they must not depend on where we stand.
                let path = std::path::absolute(path).map_err(os::Error::at("examining", path))?;
                // SRs on SMB are reached through a symlink: the storage manager knows them by where it leads.
                let real = std::fs::canonicalize(&path).map_err(os::Error::at("examining", &path))?;
                let named = |path: &Path| Uuid::try_parse(path.file_name()?.to_str()?).ok();
                let uuid = named(&real).or_else(|| named(&path));
                let dir = Dir::open(path)?;
                Ok(Self { dir, real, uuid, policy: Policy::default(), made: Made::default() })
            }
        }
    }

    /// Opens the SR at `path` for writing.
    ///
    /// # Errors
    /// There is no directory, or its file system is mounted read-only.
    pub fn open_writable(path: &Path, policy: impl Into<Policy>) -> Result<Self, Error> {
        let sr = Self { policy: policy.into(), ..Self::open(path)? };
        if os::space(&sr.dir)?.read_only {
            return Err(Error::ReadOnly(path.to_owned()));
        }
        Ok(sr)
    }

    /// Opens the SR at `path` for writing; creates its directory when there is none. A directory into which nothing comes
    /// is gone again when the repository is dropped.
    ///
    /// # Errors
    /// As [`Self::open_writable`], or the directory cannot be created.
    pub fn create(path: &Path, policy: impl Into<Policy>) -> Result<Self, Error> {
        let missing = path.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
        let made = Made(missing.map(Path::to_owned).collect());
        os::again(|| std::fs::create_dir_all(path)).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                Error::NotADirectory(path.to_owned())
            }
            _ => os::Error::at("creating", path)(e).into(),
        })?;
        let mut sr = Self::open_writable(path, policy)?;
        sr.made = made;
        Ok(sr)
    }

    /// Its directory.
    #[must_use]
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The SR's uuid, where its directory is named by one.
    #[must_use]
    pub fn uuid(&self) -> Option<Uuid> {
        self.uuid
    }

    /// Its path without symlinks: the same by whichever way it is reached.
    pub(super) fn real_path(&self) -> &Path {
        &self.real
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Refuses to go on when `needed` more bytes would not fit, or would fill the reserve.
    ///
    /// # Errors
    /// [`Error::NoRoom`], or the system refused.
    pub fn require_room(&self, needed: u64) -> Result<(), Error> {
        let space = os::space(&self.dir)?;
        let reserve = space.total / 100 * self.policy.reserve;
        if needed.saturating_add(reserve) <= space.free {
            return Ok(());
        }
        Err(Error::NoRoom { path: self.dir.path().to_owned(), needed, free: space.free, reserve })
    }

    /// Refuses an image that has brought `bytes` of data up to now, if that is too much, or has come to fill the reserve.
    ///
    /// # Errors
    /// [`Error::TooMuch`], [`Error::NoRoom`], or the system refused.
    pub fn require_moderate(&self, bytes: u64) -> Result<(), Error> {
        let most = self.policy.max_image;
        if most > 0 && bytes > most {
            return Err(Error::TooMuch { most });
        }
        self.require_room(0)
    }

    /// What a failure to write `needed` bytes amounts to: of a full file system it is told what is free.
    #[must_use]
    pub fn explain_full(&self, needed: u64, error: os::Error) -> Error {
        match self.require_room(needed) {
            Err(full) if error.is_full() => full,
            _ => error.into(),
        }
    }

    /// Refuses to go on when the SR was unmounted, or another directory mounted over it.
    ///
    /// # Errors
    /// [`Error::Moved`], or the system refused.
    pub fn require_same(&self) -> Result<(), Error> {
        let path = self.dir.path();
        let now = match Dir::open(path) {
            Err(error) if error.is_missing() => return Err(Error::Moved(path.to_owned())),
            opened => opened?,
        };
        if now.identity()? == self.dir.identity()? { Ok(()) } else { Err(Error::Moved(path.to_owned())) }
    }

    /// The inode that a VDI's name leads to; `None` when there is none.
    pub(super) fn inode(&self, uuid: Uuid) -> Result<Option<u64>, Error> {
        Ok(self.dir.stat(&vdi_file_name(uuid))?.map(|stat| stat.st_ino))
    }

    /// Refuses a uuid that anything in the SR has already.
    ///
    /// # Errors
    /// [`Error::Taken`], or the system refused.
    pub fn require_free(&self, uuid: Uuid) -> Result<(), Error> {
        let names = SUFFIXES.iter().map(|suffix| format!("{uuid}.{suffix}"));
        for name in names.chain([format!("OLD_{uuid}.vhd")]) {
            if self.dir.stat(&name)?.is_some() {
                return Err(Error::Taken { uuid, path: self.dir.join(&name) });
            }
        }
        Ok(())
    }

    /// Opens a VDI for reading.
    ///
    /// # Errors
    /// [`Error::NoSuchVdi`], or it is not a regular file, or the system refused.
    pub fn open_vdi(&self, uuid: Uuid) -> Result<std::fs::File, Error> {
        let name = vdi_file_name(uuid);
        if self.dir.stat(&name)?.is_none() {
            return Err(Error::NoSuchVdi { uuid, sr: self.dir.path().to_owned(), near: self.near(uuid) });
        }
        Ok(self.dir.open_file(&name, false)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_uuids_name_a_vdi() {
        let uuid = "5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11";
        assert_eq!(vdi_uuid(OsStr::new(&format!("{uuid}.vhd"))).unwrap().to_string(), uuid);
        for name in [
            "0.vhd",
            uuid,
            "5CA3034B-9b09-4a0c-8f0e-0d7f2b6c1a11.vhd",
            "5ca3034b9b094a0c8f0e0d7f2b6c1a11.vhd",
        ] {
            assert_eq!(vdi_uuid(OsStr::new(name)), None, "{name}");
        }
    }
}
