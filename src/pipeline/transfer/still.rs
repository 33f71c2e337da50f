//! [`Still`]: a file that is read while others could write to it.

use std::fs::File;
use std::path::Path;
use std::time::SystemTime;

use super::Error;
use crate::os;

/// A file that nobody should write to for a while.
pub(super) struct Still {
    pub(super) file: File,
    /// Its length, bytes.
    pub(super) size: u64,
    written: SystemTime,
}

impl Still {
    pub(super) fn of(file: File, path: &Path) -> Result<Self, Error> {
        let state = file.metadata().and_then(|metadata| Ok((metadata.len(), metadata.modified()?)));
        let (size, written) = state.map_err(os::Error::at("examining", path))?;
        Ok(Self { file, size, written })
    }

    /// Refuses what was made of the file, if it was written since.
    pub(super) fn require_unwritten(&self, vdi: &str) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(os::Error::at("examining", vdi))?;
        let written = metadata.modified().map_err(os::Error::at("examining", vdi))?;
        let changed = (self.size, self.written) != (metadata.len(), written);
        if changed { Err(Error::Changed { file: vdi.to_owned() }) } else { Ok(()) }
    }
}
