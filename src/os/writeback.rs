//! Bringing written data to the disk early, so that syncing it later does not take long.

use std::fs::File;
use std::num::NonZeroU64;

use rustix::fs::{Advice, fadvise};

/// Bytes after which the system is asked to begin.
const STEP: u64 = 16 << 20;

/// How far a file that is written from front to back is on its way to the disk.
#[derive(Debug, Default)]
pub struct Writeback {
    /// From here on the system was not asked to bring anything to the disk.
    behind: u64,
}

impl Writeback {
    /// `file` has been written up to byte `end`: from time to time has the system begin to write that out, without waiting
    /// for it. That is what Linux does with pages that "will not be needed", before it gives up those that are clean
    /// (mm/fadvise.c). It is only advice: nothing is durable by it, and no failure matters.
    pub fn written(&mut self, file: &File, end: u64) {
        if end.saturating_sub(self.behind) >= STEP {
            let _ = fadvise(file, self.behind, NonZeroU64::new(end - self.behind), Advice::DontNeed);
            self.behind = end;
        }
    }
}
