//! Progress on a terminal: a bar with rate and time left where the end is known, a counter where it is not.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::pipeline::{Progress, Stage};

const BAR: &str = "{msg:24} {wide_bar} {bytes:>10} of {total_bytes:10} {bytes_per_sec:>12} {eta:>4}";
const COUNTER: &str = "{msg:24} {spinner} {bytes:>10} {bytes_per_sec:>12}";
const BUSY: &str = "{msg:24} {spinner}";

/// The bar of the stage that is going on.
#[derive(Debug)]
pub(super) struct Bars(Mutex<ProgressBar>);

impl Bars {
    pub(super) fn new() -> Self {
        Self(Mutex::new(ProgressBar::hidden()))
    }
}

impl Progress for Bars {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        let template = match (total, stage) {
            (Some(_), _) => BAR,
            (None, Stage::Relink | Stage::Land) => BUSY,
            (None, _) => COUNTER,
        };
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_message(stage.says());
        bar.enable_steady_tick(Duration::from_millis(200));
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        current.finish_and_clear();
        *current = bar;
    }

    fn advance(&self, bytes: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).inc(bytes);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).finish_and_clear();
    }
}
