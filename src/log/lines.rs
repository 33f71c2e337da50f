//! Makes a line out of each event, and sees that it goes where it belongs.

use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::held::Held;
use super::{Sink, id, presentable};

/// Lines to be.
pub(super) struct Lines<'l> {
    /// Where they go.
    pub(super) sink: &'l dyn Sink,
    /// The least severe that go there; others are held back.
    pub(super) shown: Level,
    pub(super) held: &'l Held,
}

impl<'a> MakeWriter<'a> for Lines<'_> {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, level: Level::INFO, text: Vec::new() }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        Line { lines: self, level: *meta.level(), text: Vec::new() }
    }
}

/// A line being written; handed over when dropped.
pub(super) struct Line<'a> {
    lines: &'a Lines<'a>,
    level: Level,
    text: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        // What is held back is made presentable when it is told: secrets may become known until then.
        if self.level > self.lines.shown {
            self.lines.held.keep(text);
        } else {
            self.lines.sink.take(self.level, &presentable(&format!("{} {text}", id())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Kept(Mutex<Vec<(Level, String)>>);

    impl Sink for Kept {
        fn take(&self, level: Level, line: &str) {
            self.0.lock().unwrap().push((level, line.to_owned()));
        }
    }

    /// What is told, and what is held back, of what `say` says at `shown` and above.
    fn told(shown: Level, say: impl FnOnce()) -> (Vec<(Level, String)>, Vec<String>) {
        // The subscriber wants them for ever.
        let (sink, held): (&Kept, &Held) = (Box::leak(Box::default()), Box::leak(Box::new(Held::new())));
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .with_max_level(Level::DEBUG)
            .with_writer(Lines { sink, shown, held })
            .finish();
        tracing::subscriber::with_default(subscriber, say);
        (std::mem::take(&mut sink.0.lock().unwrap()), held.take())
    }

    #[test]
    fn events_become_scrubbed_lines_with_their_level_and_the_runs_id() {
        let (told, _) = told(Level::INFO, || {
            tracing::info!(url = "http://u:p@h/", "fetching\x07");
            tracing::error!("X-Auth-Token: abc");
        });
        assert_eq!(told[0].0, Level::INFO);
        assert!(told[0].1.contains("http://***@h/") && !told[0].1.contains('\x07'), "{told:?}");
        assert_eq!(told[1], (Level::ERROR, format!("{} ERROR X-Auth-Token: ***", id())));
    }

    #[test]
    fn what_is_not_told_is_held_back_with_its_time_and_without_secrets() {
        let (told, held) = told(Level::WARN, || {
            tracing::warn!("one");
            tracing::debug!("token of late-held-secret");
            tracing::trace!("two");
        });
        assert_eq!(told.len(), 1);
        assert_eq!(held.len(), 1, "{held:?}");
        let start = format!("{} held back, at ", id());
        assert!(held[0].starts_with(&start) && held[0].ends_with(" s: DEBUG token of late-held-secret"));
    }
}
