//! Record locks, as the storage manager takes them: on a whole file, for writing.
//!
//! They are locks of an open file description (`F_OFD_SETLK`): they exclude the POSIX record locks of other processes,
//! NFS carries them to other hosts, and they go when the file is closed or its process dies. `flock` does neither.
//!
//! A lock is given back before its file is closed: a child that was forked in another thread holds the open file
//! description too until it executes its program, and would keep the lock that much longer.

use std::fs::File;
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use rustix::fs::{Mode, OFlags};
use rustix::io::retry_on_intr;

use super::dir::Dir;
use super::error::Error;

/// How often a lock that somebody else holds is asked for again.
const PAUSE: Duration = Duration::from_millis(20);

/// A lock on a file, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Locks the file `name` in `dir`, which is created where there is none; `None` when somebody else holds it.
    ///
    /// # Errors
    /// The system refused.
    pub fn try_take(dir: &Dir, name: &str) -> Result<Option<Self>, Error> {
        loop {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            let opened = retry_on_intr(|| rustix::fs::openat(dir, name, flags, Mode::from_raw_mode(0o644)));
            let file = File::from(opened.map_err(Error::at("opening the lock", dir.join(name)))?);
            if !lock(&file).map_err(Error::at("locking", dir.join(name)))? {
                return Ok(None);
            }
            // Whoever held it may have removed it: then this is a lock on nothing that others could find.
            if is_named(&file, dir, name)? {
                return Ok(Some(Self { file }));
            }
        }
    }

    /// Whether somebody else holds the lock of the file `name` in `dir`: asked without taking it, nor making the file.
    ///
    /// # Errors
    /// It is no regular file, or the system refused.
    pub fn is_held(dir: &Dir, name: &str) -> Result<bool, Error> {
        match dir.open_file(name, false) {
            Ok(file) => Self::is_held_of(&file)
                .map_err(|error| Error::at("asking for the lock of", dir.join(name))(error)),
            Err(error) if error.is_missing() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether somebody else holds the lock of this open file.
    ///
    /// # Errors
    /// The system refused.
    pub fn is_held_of(file: &File) -> std::io::Result<bool> {
        let mut found = whole_file(libc::F_WRLCK);
        fcntl(file, FcntlArg::F_OFD_GETLK(&mut found))?;
        Ok(i32::from(found.l_type) != libc::F_UNLCK)
    }

    /// The same as [`Self::try_take`], for as long as `patience` lasts.
    ///
    /// # Errors
    /// The system refused, or a signal came meanwhile.
    pub fn wait(dir: &Dir, name: &str, patience: Duration) -> Result<Option<Self>, Error> {
        let start = Instant::now();
        loop {
            if let Some(lock) = Self::try_take(dir, name)? {
                return Ok(Some(lock));
            }
            if start.elapsed() >= patience {
                return Ok(None);
            }
            super::stop::check().map_err(Error::at("waiting for the lock", dir.join(name)))?;
            thread::sleep(PAUSE);
        }
    }

    /// The file that is locked.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing gives it back too, if later: a refusal loses nothing.
        let _ = set(&self.file, libc::F_UNLCK);
    }
}

fn is_named(file: &File, dir: &Dir, name: &str) -> Result<bool, Error> {
    let held = rustix::fs::fstat(file).map_err(Error::at("examining", dir.join(name)))?;
    let named = dir.stat(name)?;
    Ok(named.is_some_and(|stat| (stat.st_dev, stat.st_ino) == (held.st_dev, held.st_ino)))
}

/// Whether the lock was free.
fn lock(file: &impl AsFd) -> std::io::Result<bool> {
    match set(file, libc::F_WRLCK) {
        Ok(()) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

fn set(file: &impl AsFd, kind: libc::c_int) -> Result<(), Errno> {
    loop {
        match fcntl(file, FcntlArg::F_OFD_SETLK(&whole_file(kind))) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// A lock of this kind on all of a file.
#[expect(clippy::cast_possible_truncation, reason = "small constants of the C library")]
fn whole_file(kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let dir = Dir::open(place.path()).unwrap();
        let held = Lock::try_take(&dir, "l").unwrap().unwrap();
        assert!(Lock::try_take(&dir, "l").unwrap().is_none());
        assert!(Lock::wait(&dir, "l", Duration::from_millis(30)).unwrap().is_none());
        assert!(Lock::is_held(&dir, "l").unwrap());
        drop(held);
        assert!(!Lock::is_held(&dir, "l").unwrap());
        assert!(Lock::wait(&dir, "l", Duration::ZERO).unwrap().is_some());
        assert!(!Lock::is_held(&dir, "none").unwrap() && dir.stat("none").unwrap().is_none());
    }

    #[test]
    fn it_is_free_at_once_whoever_else_has_the_file() {
        let place = tempfile::tempdir().unwrap();
        let dir = Dir::open(place.path()).unwrap();
        let held = Lock::try_take(&dir, "l").unwrap().unwrap();
        let inherited = held.file().try_clone().unwrap();
        drop(held);
        assert!(!Lock::is_held(&dir, "l").unwrap());
        drop(inherited);
    }

    #[test]
    fn a_lock_that_was_removed_is_taken_anew() {
        let place = tempfile::tempdir().unwrap();
        let dir = Dir::open(place.path()).unwrap();
        let held = Lock::try_take(&dir, "l").unwrap().unwrap();
        dir.unlink("l").unwrap();
        let other = Lock::try_take(&dir, "l").unwrap().unwrap();
        assert!(is_named(&other.file, &dir, "l").unwrap() && !is_named(&held.file, &dir, "l").unwrap());
    }
}
