//! A directory held open. Names are looked up in it directly, so nobody can move it away under us or slip a symlink in.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use super::error::Error;

/// Mode of what is created, whatever the umask is: that of the storage manager's own files.
const MODE: Mode = Mode::from_raw_mode(0o644);

/// An open directory, and the path it was opened by (for messages, and for programs that take paths).
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// Opens a directory.
    ///
    /// # Errors
    /// It does not exist, is something else, or may not be entered.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = retry_on_intr(|| rustix::fs::open(&path, flags, Mode::empty()));
        let fd = opened.map_err(Error::at("opening directory", &path))?;
        Ok(Self { fd, path })
    }

    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of `name` in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Creates a file that must not exist, for reading and writing.
    ///
    /// # Errors
    /// It exists, or the system refused.
    pub fn create(&self, name: &str) -> Result<File, Error> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.open_beneath(name, flags, MODE).map_err(Error::at("creating", self.join(name)))?;
        rustix::fs::fchmod(&fd, MODE).map_err(Error::at("setting the mode of", self.join(name)))?;
        Ok(File::from(fd))
    }

    /// Creates a directory that must not exist, mode 0700, and opens it.
    ///
    /// # Errors
    /// It exists, or the system refused.
    pub fn create_dir(&self, name: &str) -> Result<Self, Error> {
        let made = retry_on_intr(|| rustix::fs::mkdirat(&self.fd, name, Mode::RWXU));
        made.map_err(Error::at("creating directory", self.join(name)))?;
        Self::open(self.join(name))
    }

    /// Opens a regular file, for reading only or for writing as well. Symlinks are refused, and so is everything that
    /// is not a regular file: opening never blocks.
    ///
    /// # Errors
    /// It is not there, not a regular file, or the system refused.
    pub fn open_file(&self, name: &str, writable: bool) -> Result<File, Error> {
        let access = if writable { OFlags::RDWR } else { OFlags::RDONLY };
        let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = self.open_beneath(name, flags, Mode::empty());
        let file = File::from(opened.map_err(Error::at("opening", self.join(name)))?);
        let metadata = file.metadata().map_err(Error::at("examining", self.join(name)))?;
        if metadata.is_file() {
            Ok(file)
        } else {
            let kind = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file");
            Err(Error::at("opening", self.join(name))(kind))
        }
    }

    /// Opens a directory in it. A symlink is refused, wherever it leads.
    ///
    /// # Errors
    /// It is not there, something else, or may not be entered.
    pub fn open_dir(&self, name: &str) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.open_beneath(name, flags, Mode::empty());
        let path = self.join(name);
        Ok(Self { fd: fd.map_err(Error::at("opening directory", &path))?, path })
    }

    /// Opens what must lie in this directory. Linux 5.6 sees to that for every name; before, names without slashes do.
    fn open_beneath(&self, name: &str, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let opened = retry_on_intr(|| rustix::fs::openat2(&self.fd, name, flags, mode, resolve));
        match opened {
            // EPERM: some filters of system calls do not know this one.
            Err(Errno::NOSYS | Errno::PERM) if !name.contains('/') => {
                retry_on_intr(|| rustix::fs::openat(&self.fd, name, flags, mode))
            }
            opened => opened,
        }
    }

    /// What `name` is, without following a symlink; `None` when there is nothing of that name.
    ///
    /// # Errors
    /// The system refused.
    pub fn stat(&self, name: &str) -> Result<Option<Stat>, Error> {
        match retry_on_intr(|| rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)) {
            Ok(stat) => Ok(Some(stat)),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(e) => Err(Error::at("examining", self.join(name))(e)),
        }
    }

    /// Renames a file within the directory, onto a name that must be free.
    ///
    /// # Errors
    /// The name is taken, or the system refused.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        super::publish::rename(self, from, self, to).map_err(Error::at("renaming", self.join(from)))
    }

    /// Renames a file within the directory, in place of the file that has the name: whoever opens it finds the old one or
    /// the new one, whole.
    ///
    /// # Errors
    /// The system refused.
    pub fn replace(&self, from: &str, to: &str) -> Result<(), Error> {
        super::publish::replace(self, from, self, to).map_err(Error::at("replacing", self.join(to)))
    }

    /// Makes a symlink to `target` under a name that must be free.
    ///
    /// # Errors
    /// The name is taken, or the system refused.
    pub fn symlink(&self, target: &Path, name: &str) -> Result<(), Error> {
        let made = retry_on_intr(|| rustix::fs::symlinkat(target, &self.fd, name));
        made.map_err(Error::at("creating symlink", self.join(name)))
    }

    /// Where the symlink `name` leads.
    ///
    /// # Errors
    /// It is not there, or no symlink.
    pub fn read_link(&self, name: &str) -> Result<PathBuf, Error> {
        let target = retry_on_intr(|| rustix::fs::readlinkat(&self.fd, name, Vec::new()));
        let target = target.map_err(Error::at("reading symlink", self.join(name)))?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    /// Whether two names, of which none need be there, are of one file. A symlink is a file of its own.
    ///
    /// # Errors
    /// The system refused.
    pub fn is_same(&self, one: &str, other: &str) -> Result<bool, Error> {
        let identity = |stat: Stat| (stat.st_dev, stat.st_ino);
        let (one, other) = (self.stat(one)?, self.stat(other)?);
        Ok(one.is_some() && one.map(identity) == other.map(identity))
    }

    /// Removes a file's name.
    ///
    /// # Errors
    /// The system refused.
    pub fn unlink(&self, name: &str) -> Result<(), Error> {
        let removed = retry_on_intr(|| rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()));
        removed.map_err(Error::at("removing", self.join(name)))
    }

    /// All names in it but `.` and `..`, sorted.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names(&self) -> Result<Vec<OsString>, Error> {
        let entries = retry_on_intr(|| rustix::fs::Dir::read_from(&self.fd));
        let entries = entries.map_err(Error::at("listing", &self.path))?;
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(Error::at("listing", &self.path))?.file_name().to_owned().into_bytes();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Makes the names in it durable.
    ///
    /// # Errors
    /// The system says that it could not.
    pub fn sync(&self) -> Result<(), Error> {
        retry_on_intr(|| rustix::fs::fsync(&self.fd)).map_err(Error::at("syncing directory", &self.path))
    }

    /// Device and inode.
    ///
    /// # Errors
    /// The system refused.
    pub fn identity(&self) -> Result<(u64, u64), Error> {
        let stat = rustix::fs::fstat(&self.fd).map_err(Error::at("examining", &self.path))?;
        Ok((stat.st_dev, stat.st_ino))
    }

    /// The device that it is on.
    ///
    /// # Errors
    /// The system refused.
    pub fn device(&self) -> Result<u64, Error> {
        Ok(self.identity()?.0)
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
