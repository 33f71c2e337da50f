//! [`Store`]: the directory of kernels and ramdisks, held open.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use uuid::Uuid;

use super::device::Device;
use super::error::Error;
use crate::os::{self, Dir};

/// Longest name; the file system's own limit is 255.
const LONGEST: usize = 200;

/// The directory. Files in it appear when they are whole, and then replace what had their name.
#[derive(Debug)]
pub struct Store {
    dir: Dir,
}

impl Store {
    /// Opens the directory, and makes it where there is none.
    ///
    /// # Errors
    /// The system refused.
    pub fn create(path: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(path).map_err(os::Error::at("creating", path))?;
        Ok(Self { dir: Dir::open(path)? })
    }

    /// Opens the directory, if there is one.
    ///
    /// # Errors
    /// The system refused.
    pub fn open(path: &Path) -> Result<Option<Self>, Error> {
        match Dir::open(path) {
            Ok(dir) => Ok(Some(Self { dir })),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses what is more than a name, or none. Nothing is looked at.
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn require_name(what: &'static str, name: &str) -> Result<(), Error> {
        // A leading dot is ours, a leading hyphen is an option to whoever handles the file later.
        let odd = |c: char| c == '/' || c.is_control();
        if name.is_empty() || name.len() > LONGEST || name.starts_with(['.', '-']) || name.contains(odd) {
            return Err(Error::Name { what, found: name.chars().take(LONGEST).collect() });
        }
        Ok(())
    }

    /// Stores the first `size` bytes of `device` as `name`; its path.
    ///
    /// # Errors
    /// The disk is smaller, there is no room, the name is taken by what is no file, or the system refused.
    pub fn store(&self, device: &Device, size: u64, name: &str) -> Result<PathBuf, Error> {
        if device.size < size {
            return Err(Error::Short { path: device.path.clone(), expected: size, found: device.size });
        }
        let to = self.dir.join(name);
        self.publish(name, size, |file| {
            let copy = |source| Error::Copy { from: device.path.clone(), to: to.clone(), source };
            let copied = io::copy(&mut (&device.file).take(size), &mut &*file).map_err(copy)?;
            if copied != size {
                return Err(Error::Short { path: device.path.clone(), expected: size, found: copied });
            }
            Ok(())
        })
    }

    /// Stores a copy of `from` as `to`; its path, or `None` if there is no file `from`.
    ///
    /// # Errors
    /// One of the names is taken by what is no file, there is no room, or the system refused.
    pub fn copy(&self, from: &str, to: &str) -> Result<Option<PathBuf>, Error> {
        if !self.has_file(from)? {
            return Ok(None);
        }
        let source = self.dir.open_file(from, false)?;
        let size = source.metadata().map_err(os::Error::at("examining", self.dir.join(from)))?.len();
        let published = self.publish(to, size, |file| {
            let copy = |source| Error::Copy { from: self.dir.join(from), to: self.dir.join(to), source };
            os::duplicate(&source, file, |_| {}).map(drop).map_err(copy)
        });
        published.map(Some)
    }

    /// Removes the file at `path`, which must be in this directory; one that is not there is no error.
    ///
    /// # Errors
    /// It is somewhere else, no file, or the system refused.
    pub fn remove(&self, path: &Path) -> Result<(), Error> {
        let name = Self::name_in(self.dir.path(), path)?;
        if self.has_file(name)? {
            self.dir.unlink(name)?;
            self.dir.sync()?;
        }
        Ok(())
    }

    /// The name of the file at `path`, which must be in `directory` as it is written: not by way of `..` or a symlink.
    ///
    /// # Errors
    /// [`Error::Outside`].
    pub fn name_in<'p>(directory: &Path, path: &'p Path) -> Result<&'p str, Error> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.filter(|name| Self::require_name("file", name).is_ok());
        // `file_name` and `parent` pass over a last `/.` or `/`; what they were made of does not.
        let whole = name.filter(|name| path.as_os_str() == directory.join(name).as_os_str());
        whole.ok_or_else(|| Error::Outside { path: path.to_owned(), directory: directory.to_owned() })
    }

    /// Whether `name` is a file. What is no file is in nobody's way by right.
    fn has_file(&self, name: &str) -> Result<bool, Error> {
        match self.dir.stat(name)? {
            None => Ok(false),
            Some(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => Ok(true),
            Some(_) => Err(Error::NotAFile { path: self.dir.join(name) }),
        }
    }

    /// Makes a file of `size` bytes, lets `write` fill it, and gives it its name when it is whole and durable.
    fn publish(
        &self,
        name: &str,
        size: u64,
        write: impl FnOnce(&File) -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        self.has_file(name)?;
        let free = os::space(&self.dir)?.free;
        if free < size {
            return Err(Error::NoSpace { directory: self.dir.path().to_owned(), needed: size, free });
        }
        let part = format!(".vhd-porter-{}.part", Uuid::new_v4());
        let file = self.dir.create(&part)?;
        let written = write(&file)
            .and_then(|()| Ok(file.sync_all().map_err(os::Error::at("syncing", self.dir.join(&part)))?))
            .and_then(|()| Ok(self.dir.replace(&part, name)?));
        if let Err(error) = written {
            // It has failed already; a file that stays behind is named in the log.
            let _ = self.dir.unlink(&part).map_err(|e| tracing::warn!("{}", os::in_full(&e)));
            return Err(error);
        }
        self.dir.sync()?;
        Ok(self.dir.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_names() {
        for name in ["5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11", "cached image", "ä"] {
            Store::require_name("file", name).unwrap();
        }
        for name in ["", ".", "..", "../x", "a/b", "/x", ".hidden", "-rf", "a\0", "a\n", &"a".repeat(201)] {
            assert!(matches!(Store::require_name("file", name), Err(Error::Name { .. })), "{name:?}");
        }
    }

    #[test]
    fn a_path_is_in_the_directory_as_it_is_written() {
        let directory = Path::new("/boot/guest");
        assert_eq!(Store::name_in(directory, Path::new("/boot/guest/k")).unwrap(), "k");
        for path in [
            "",
            "k",
            "/",
            "/boot/guest",
            "/boot/guest/",
            "/boot/guest/k/",
            "/boot/guest/k/.",
            "/boot/guest/.",
            "/boot/guest/..",
            "/boot/guest/../guest/k",
            "/boot/guest/./k",
            "/boot//guest/k",
            "/boot/guest/a/k",
            "/boot/guest2/k",
            "boot/guest/k",
            "/etc/passwd",
        ] {
            let outside = Store::name_in(directory, Path::new(path));
            assert!(matches!(outside, Err(Error::Outside { .. })), "{path}");
        }
    }
}
