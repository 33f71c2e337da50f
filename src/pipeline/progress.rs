//! How far the work is: for bars, for logs, for nobody.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The part of the work that is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading an image into staging.
    Unpack,
    /// Copying files into staging.
    Duplicate,
    /// Making one image of a chain.
    Flatten,
    /// Checking and relinking.
    Relink,
    /// Making files durable and moving them into the SR.
    Land,
    /// Writing an image.
    Pack,
    /// Writing a disk in another form.
    Convert,
    /// Writing an image's blocks to its parent.
    Coalesce,
    /// Reading two disks.
    Compare,
    /// Looking for what is wrong with images.
    Check,
    /// Sending a file to another host.
    Send,
}

impl Stage {
    /// What is going on, for people.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Unpack => "unpacking",
            Self::Duplicate => "copying",
            Self::Flatten => "flattening",
            Self::Relink => "relinking and checking",
            Self::Land => "moving into the SR",
            Self::Pack => "packing",
            Self::Convert => "converting",
            Self::Coalesce => "coalescing",
            Self::Compare => "comparing",
            Self::Check => "checking",
            Self::Send => "sending",
        }
    }
}

/// Somebody who wants to know how far the work is.
pub trait Progress: Sync {
    /// A stage begins, with this many bytes to go through if that is known.
    fn stage(&self, stage: Stage, total: Option<u64>);
    /// So many more bytes are through.
    fn advance(&self, bytes: u64);
}

/// Nobody.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}

/// Two of them.
pub struct Both<'a>(pub &'a dyn Progress, pub &'a dyn Progress);

impl Progress for Both<'_> {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        self.0.stage(stage, total);
        self.1.stage(stage, total);
    }

    fn advance(&self, bytes: u64) {
        self.0.advance(bytes);
        self.1.advance(bytes);
    }
}

/// Says it in a line, every few seconds: for logs, and for terminals that are none.
pub struct Lines {
    every: Duration,
    say: fn(&str),
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    total: Option<u64>,
    done: u64,
    began: Instant,
    said: Instant,
}

impl Lines {
    /// Gives `say` a line after each `every`.
    #[must_use]
    pub fn new(every: Duration, say: fn(&str)) -> Self {
        let now = Instant::now();
        let state = State { stage: Stage::Unpack, total: None, done: 0, began: now, said: now };
        Self { every, say, state: Mutex::new(state) }
    }
}

impl Progress for Lines {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { stage, total, done: 0, began: now, said: state.said };
    }

    fn advance(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += bytes;
        if state.said.elapsed() < self.every {
            return;
        }
        state.said = Instant::now();
        (self.say)(&state.line());
    }
}

impl State {
    fn line(&self) -> String {
        let mib = |bytes: u64| bytes >> 20;
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = self.done.saturating_mul(1000) / millis;
        let of = self.total.filter(|t| *t > 0).map_or(String::new(), |total| {
            format!(" of {} MiB, {} %", mib(total), self.done.saturating_mul(100) / total)
        });
        let left = self.total.and_then(|total| total.saturating_sub(self.done).checked_div(rate));
        let left = left.map_or(String::new(), |seconds| format!(", {seconds} s left"));
        format!("{}: {} MiB{of}, {} MiB/s{left}", self.stage.says(), mib(self.done), mib(rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_stage_share_rate_and_time_left() {
        let began = Instant::now().checked_sub(Duration::from_secs(2)).unwrap();
        let state = State { stage: Stage::Pack, total: Some(400 << 20), done: 100 << 20, began, said: began };
        let line = state.line();
        assert!(line.starts_with("packing: 100 MiB of 400 MiB, 25 %, "), "{line}");
        assert!(line.contains(" MiB/s, ") && line.ends_with(" s left"), "{line}");
        let line = State { total: None, ..state }.line();
        assert!(line.starts_with("packing: 100 MiB, ") && line.ends_with(" MiB/s"), "{line}");
    }
}
