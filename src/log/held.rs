//! Lines that nobody asked for, kept in memory until the call has ended: of one that fails, they are told.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{id, presentable};

/// Most lines that are kept.
const LINES: usize = 256;
/// Most bytes that are kept.
const BYTES: usize = 64 << 10;

/// The last lines. What came before them is counted.
pub(super) struct Held(Mutex<Ring>);

struct Ring {
    lines: VecDeque<(Instant, String)>,
    bytes: usize,
    gone: u64,
    /// When the first line came.
    began: Option<Instant>,
}

impl Held {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Ring { lines: VecDeque::new(), bytes: 0, gone: 0, began: None }))
    }

    /// Keeps `line`, and lets the oldest ones go that there is no room for.
    pub(super) fn keep(&self, line: &str) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        ring.began.get_or_insert(now);
        ring.bytes += line.len();
        ring.lines.push_back((now, line.to_owned()));
        while ring.lines.len() > LINES || ring.bytes > BYTES {
            let Some((_, oldest)) = ring.lines.pop_front() else { break };
            ring.bytes -= oldest.len();
            ring.gone += 1;
        }
    }

    /// All that is kept, presentable, with the time at which each line came; nothing is kept any more.
    pub(super) fn take(&self) -> Vec<String> {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let began = ring.began.unwrap_or_else(Instant::now);
        let gone = std::mem::take(&mut ring.gone);
        let more = (gone > 0).then(|| format!("{} held back: {gone} lines before these are lost", id()));
        ring.bytes = 0;
        let lines = std::mem::take(&mut ring.lines);
        drop(ring);
        let shown = lines.into_iter().map(|(at, line)| {
            let seconds = at.duration_since(began).as_secs_f64();
            presentable(&format!("{} held back, at {seconds:.3} s: {line}", id()))
        });
        more.into_iter().chain(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_the_others_counted() {
        let held = Held::new();
        assert_eq!(held.take(), [""; 0]);
        (0..LINES + 10).for_each(|n| held.keep(&format!("line {n}")));
        let lines = held.take();
        assert_eq!(lines.len(), LINES + 1);
        assert!(lines[0].contains("10 lines before these"), "{}", lines[0]);
        assert!(lines[1].ends_with(": line 10") && lines[LINES].ends_with(&format!(": line {}", LINES + 9)));
        assert_eq!(held.take(), [""; 0]);
    }

    #[test]
    fn memory_is_bounded_by_bytes_as_well() {
        let held = Held::new();
        (0..100).for_each(|_| held.keep(&"x".repeat(4096)));
        held.keep(&"y".repeat(BYTES + 1));
        let lines = held.take();
        assert_eq!(lines.len(), 1, "a line that is too long is not kept either");
        assert!(lines[0].contains("101 lines"), "{}", lines[0]);
    }

    #[test]
    fn secrets_that_become_known_later_are_not_told() {
        let held = Held::new();
        held.keep("DEBUG it said held-and-secret");
        let _secret = crate::wire::Secret::new("held-and-secret");
        assert!(held.take()[0].ends_with("DEBUG it said ***"));
    }
}
