//! The file of an image that is being made: it must not exist before, and does not exist after a failure.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::errno::Errno;

/// A new file that goes away again unless it is kept. A block device is taken as it is: there is nothing to create, and
/// nothing to remove.
#[derive(Debug)]
pub(super) struct Newborn {
    file: File,
    remove: Option<PathBuf>,
}

impl Newborn {
    /// Creates the file at `path`. What exists is never overwritten.
    pub(super) fn create(path: &Path) -> Result<Self, Errno> {
        let kind = std::fs::metadata(path).ok().map(|m| m.file_type());
        if kind.is_some_and(|k| k.is_dir()) {
            return Err(Errno::ISDIR);
        }
        if kind.is_some_and(|k| k.is_block_device()) {
            let file = OpenOptions::new().read(true).write(true).open(path)?;
            return Ok(Self { file, remove: None });
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(Self { file, remove: Some(path.to_owned()) })
    }

    /// The file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Keeps it.
    pub(super) fn keep(mut self) {
        self.remove = None;
    }
}

impl Drop for Newborn {
    fn drop(&mut self) {
        if let Some(path) = &self.remove {
            let _ = std::fs::remove_file(path);
        }
    }
}
