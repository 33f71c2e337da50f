//! The programs that work on ISO images.

use std::time::Duration;

use super::error::Error;
use crate::os::Job;

/// Each is a program and its first arguments.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Mounts an image.
    pub mount: Vec<String>,
    /// Unmounts it.
    pub umount: Vec<String>,
    /// Makes an image of a directory; takes the arguments of mkisofs.
    pub mkisofs: Vec<String>,
    /// How long one run may take.
    pub deadline: Duration,
}

impl Programs {
    /// Runs `job`, which must succeed.
    pub(super) fn run(&self, job: &Job) -> Result<(), Error> {
        Ok(job.require_success(job.run(self.deadline)?).map(drop)?)
    }
}
