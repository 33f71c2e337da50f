//! The programs that work on block devices.

use std::time::Duration;

use super::error::Error;
use crate::os::{Finished, Job};

/// Each is a program and its first arguments.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Writes partition tables.
    pub sfdisk: Vec<String>,
    /// Reads them.
    pub partx: Vec<String>,
    /// Makes loop devices.
    pub losetup: Vec<String>,
    /// Makes file systems.
    pub mkfs: Vec<String>,
    /// Makes swap space.
    pub mkswap: Vec<String>,
    /// How long one run may take.
    pub deadline: Duration,
}

impl Programs {
    /// Runs `job`, which must succeed.
    pub(super) fn run(&self, job: &Job) -> Result<Finished, Error> {
        Ok(job.require_success(job.run(self.deadline)?)?)
    }
}
