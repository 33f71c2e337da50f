//! Bringing written data to the disk early, so that syncing it later does not take long.

use std::fs::File;
use std::num::NonZeroU64;

use rustix::fs::{Advice, fadvise};

/// Has the system begin to write out `len` bytes of `file` from `at` on, without waiting for it: that is what Linux does
/// with pages that "will not be needed", before it gives up those that are clean (mm/fadvise.c). Only advice: nothing is
/// durable by it, and no failure matters.
pub fn start_writeback(file: &File, at: u64, len: u64) {
    let _ = fadvise(file, at, NonZeroU64::new(len), Advice::DontNeed);
}
