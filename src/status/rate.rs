//! How fast bytes went by in the last seconds.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far back is looked.
const WINDOW: Duration = Duration::from_secs(5);

/// Counts, and when they were taken, over a window.
#[derive(Debug)]
pub(super) struct Rate(VecDeque<(Instant, u64)>);

impl Rate {
    /// Of a stage that begins.
    pub(super) fn new(now: Instant) -> Self {
        Self(VecDeque::from([(now, 0)]))
    }

    /// Bytes a second, when `bytes` are through.
    pub(super) fn at(&mut self, now: Instant, bytes: u64) -> u64 {
        self.0.push_back((now, bytes));
        // The last one that is older than the window is what the window began with.
        while self.0.get(1).is_some_and(|(time, _)| now.duration_since(*time) >= WINDOW) {
            self.0.pop_front();
        }
        let Some((time, before)) = self.0.front() else { return 0 };
        let millis = now.duration_since(*time).as_millis().max(1);
        let rate = u128::from(bytes.saturating_sub(*before)) * 1000 / millis;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_stalls_comes_to_nothing_and_memory_is_bounded() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        for tick in 1..=40 {
            let now = start + Duration::from_millis(250) * tick;
            assert_eq!(rate.at(now, u64::from(tick) * 250), 1000, "{tick}");
        }
        let stalled: Vec<u64> =
            (41..=60).map(|tick| rate.at(start + Duration::from_millis(250) * tick, 10_000)).collect();
        assert_eq!((stalled[9], stalled[19]), (500, 0));
        assert!(rate.0.len() < 30);
    }
}
