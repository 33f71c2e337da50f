//! Progress on a terminal: a bar with rate and time left where the end is known, a counter where it is not.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::log;
use crate::pipeline::{Progress, Stage};

/// The numbers have room to grow, so that the bar keeps its length.
const BAR: &str =
    "{msg} {wide_bar} {percent:>3} % {bytes:>11} of {total_bytes} {binary_bytes_per_sec:>13} {eta:>4} left";
const COUNTER: &str = "{msg} {spinner} {bytes}  {binary_bytes_per_sec}  for {elapsed}";
const BUSY: &str = "{msg} {spinner} for {elapsed}";

/// The bar that is on the terminal: a process has one at a time.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// The bar of the stage that is going on.
#[derive(Debug)]
pub(super) struct Bars;

impl Progress for Bars {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        // A new one draws itself where the cursor is.
        draw(None);
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
        draw(Some(bar));
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = &*DRAWN.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(bytes);
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        draw(None);
    }
}

/// Puts `bar` in the place of the one that is drawn.
fn draw(bar: Option<ProgressBar>) {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(before) = drawn.take() {
        before.finish_and_clear();
    }
    *drawn = bar;
}

/// Writes a line to standard error, above the bar if one is drawn.
pub(super) fn above(line: &str) {
    match &*DRAWN.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(bar) => bar.suspend(|| log::to_stderr(line)),
        None => log::to_stderr(line),
    }
}
