//! [`Mounted`]: an image for as long as its files are read.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::programs::Programs;
use crate::os::Job;

/// The image may be anybody's: nothing in it can be run, be a device, or be written.
const OPTIONS: &str = "ro,nosuid,nodev,noexec";

/// A mounted image; dropping it unmounts it.
#[derive(Debug)]
pub(super) struct Mounted<'p> {
    point: PathBuf,
    programs: &'p Programs,
    done: bool,
}

impl<'p> Mounted<'p> {
    pub(super) fn mount(image: &Path, point: &Path, programs: &'p Programs) -> Result<Self, Error> {
        programs.run(&Job::of(programs.mount.clone()).args(["-o", OPTIONS]).args([image, point]))?;
        Ok(Self { point: point.to_owned(), programs, done: false })
    }

    /// Unmounts it, and says so if that failed.
    pub(super) fn unmount(mut self) -> Result<(), Error> {
        self.try_unmount(&[])?;
        self.done = true;
        Ok(())
    }

    fn try_unmount(&self, options: &[&str]) -> Result<(), Error> {
        self.programs.run(&Job::of(self.programs.umount.clone()).args(options).args([&self.point]))
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // Somebody else may be looking at it: then it goes when they are gone.
        if let Err(error) = self.try_unmount(&[]).or_else(|_| self.try_unmount(&["-l"])) {
            tracing::error!(%error, "an image is left mounted");
        }
    }
}
