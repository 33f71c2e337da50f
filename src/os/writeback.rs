//! Bringing written data to the disk early, so that syncing it later does not take long.

use std::fs::File;
use std::num::NonZeroU64;

use rustix::fs::{Advice, fadvise};

/// Bytes after which the system is asked to begin.
const STEP: u64 = 16 << 20;
/// How far back it is asked again: what it began to write out before is on the disk by now, or some of it.
const AGAIN: u64 = 64 << 20;

/// How far a file that is written from front to back is on its way to the disk.
#[derive(Debug, Default)]
pub struct Writeback {
    /// From here on the system was not asked to bring anything to the disk.
    behind: u64,
}

impl Writeback {
    /// `file` has been written up to byte `end`: from time to time has the system begin to write that out, without waiting
    /// for it, and give up what is written out already. That is what Linux does with pages that "will not be needed", dirty
    /// or clean (mm/fadvise.c). An image that is much larger than the control domain's memory takes up little of it, and is
    /// written by way of the same pages again and again. It is only advice: nothing is durable by it, and no failure
    /// matters.
    pub fn written(&mut self, file: &File, end: u64) {
        if end.saturating_sub(self.behind) >= STEP {
            let from = self.behind.saturating_sub(AGAIN);
            let _ = fadvise(file, from, NonZeroU64::new(end - from), Advice::DontNeed);
            self.behind = end;
        }
    }
}
