//! A file that appears under its name when it is whole, and never over another.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::Error;
use crate::os;

/// A file in the making, under a name of its own beside the one that it will have. Dropping it removes it.
#[derive(Debug)]
pub struct NewFile {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Begins the file `path`.
    ///
    /// # Errors
    /// It exists, or its directory cannot be written to.
    pub fn create(path: &Path) -> Result<Self, Error> {
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(exists(path));
        }
        let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = tempfile::Builder::new()
            .prefix(".vhd-porter-")
            .suffix(".part")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(dir)
            .map_err(os::Error::at("creating a file in", dir))?;
        Ok(Self { temporary, path: path.to_owned() })
    }

    /// Another handle on it, for writing and reading.
    ///
    /// # Errors
    /// The system refused.
    pub fn file(&self) -> io::Result<File> {
        self.temporary.as_file().try_clone()
    }

    /// The name that it will have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what was written durable and gives it its name.
    ///
    /// # Errors
    /// Somebody took the name meanwhile, or the system refused.
    pub fn commit(self) -> Result<(), Error> {
        let path = self.path;
        self.temporary.as_file().sync_all().map_err(os::Error::at("syncing", &path))?;
        match self.temporary.persist_noclobber(&path) {
            Ok(_) => Ok(()),
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
            Err(e) => Err(os::Error::at("naming", &path)(e.error).into()),
        }
    }
}

fn exists(path: &Path) -> Error {
    Error::Exists { path: path.display().to_string() }
}
