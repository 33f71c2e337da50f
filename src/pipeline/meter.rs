//! What each stage came to: a line in the log with its bytes and its time, whoever else is told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::progress::{Progress, Stage};

/// Counts on the way to whoever is told.
pub(super) struct Meter<'a> {
    next: &'a dyn Progress,
    stage: Mutex<Option<(Stage, Instant)>>,
    /// Bytes of the stage that is going on.
    bytes: AtomicU64,
}

impl<'a> Meter<'a> {
    pub(super) fn new(next: &'a dyn Progress) -> Self {
        Self { next, stage: Mutex::new(None), bytes: AtomicU64::new(0) }
    }

    /// The work has ended, well or not.
    pub(super) fn end(self, well: bool) {
        self.tell(None, well);
    }

    /// The stage that was going on has ended; `next` begins.
    fn tell(&self, next: Option<Stage>, well: bool) {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        if let Some((stage, began)) = stage.take() {
            let seconds = format!("{:.3}", began.elapsed().as_secs_f64());
            // Those that move no data have none to speak of.
            let bytes = (bytes > 0).then_some(bytes);
            let broken_off = (!well).then_some(true);
            tracing::info!(bytes, %seconds, broken_off, "{}", stage.says());
        }
        *stage = next.map(|stage| (stage, Instant::now()));
    }
}

impl Progress for Meter<'_> {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        self.tell(Some(stage), true);
        self.next.stage(stage, total);
    }

    fn advance(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.next.advance(bytes);
    }
}
