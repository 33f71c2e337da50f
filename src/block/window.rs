//! [`Window`]: a part of a block device as a device of its own.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::device::Device;
use super::error::Error;
use super::programs::Programs;
use crate::os::{self, Job};

/// A loop device over a part of a device. It vanishes when it is dropped.
#[derive(Debug)]
pub(super) struct Window {
    path: PathBuf,
    file: File,
}

impl Window {
    /// Opens one of `len` bytes from byte `offset` on.
    pub(super) fn open(device: &Device, offset: u64, len: u64, programs: &Programs) -> Result<Self, Error> {
        let losetup = || Job::of(programs.losetup.clone());
        let (offset, len) = (offset.to_string(), len.to_string());
        let attach = losetup().args(["--find", "--show", "--offset", &offset, "--sizelimit", &len]);
        let attach = attach.args([device.path()]);
        let printed = programs.run(&attach)?.stdout;
        let path = Path::new(printed.trim());
        if !path.starts_with("/dev") {
            let (command, expected) = (attach.shown(), "the path of a loop device");
            return Err(Error::Output { command, expected, found: printed });
        }
        let file = File::options().read(true).write(true).open(path);
        // One that is open is detached when it is closed for the last time: nobody has to remember it.
        let detached = programs.run(&losetup().args(["--detach"]).args([path]));
        let file = file.map_err(os::Error::at("opening", path))?;
        detached?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Hands everything that was written over to the device below.
    pub(super) fn close(self) -> Result<(), Error> {
        Ok(self.file.sync_all().map_err(os::Error::at("syncing", &self.path))?)
    }
}
