//! Where events go: syslog for a plugin, stderr for a person. Every line is [`presentable`] first.
//!
//! How much is told can be set with [`FILTER`], in the syntax of `tracing_subscriber::EnvFilter`.

use std::io::{self, Write};
use std::path::PathBuf;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::message::presentable;
use super::syslog::Syslog;

/// The environment variable that says which events are told, such as `debug` or `vhd_porter::pipeline=trace`.
/// xapi passes no environment on: it is for tests and people.
pub const FILTER: &str = "VHD_PORTER_LOG";
/// The environment variable that replaces `/dev/log`, for tests.
pub const SOCKET: &str = "VHD_PORTER_SYSLOG";

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A person at a terminal, or whoever redirected stderr.
    Stderr,
    /// The host's syslog, each line marked with `tag`.
    Syslog {
        /// The plugin's name.
        tag: &'static str,
    },
}

/// Sends the events of this process to `destination` from now on, those of `level` and above unless [`FILTER`]
/// says otherwise. Only the first call in a process counts. A log that cannot be written is silently none.
pub fn start(destination: &Destination, level: Level) {
    let asked = std::env::var(FILTER).ok().and_then(|filter| EnvFilter::try_new(filter).ok());
    let filter = asked.unwrap_or_else(|| EnvFilter::new(level.as_str()));
    let sink: Box<dyn Sink + Send + Sync> = match destination {
        Destination::Stderr => Box::new(Stderr),
        Destination::Syslog { tag } => {
            let socket = std::env::var_os(SOCKET).map_or_else(|| PathBuf::from("/dev/log"), PathBuf::from);
            Box::new(Syslog::new(socket, tag))
        }
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(Lines { sink })
        .finish();
    // An error means that there is a log already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Has panics logged instead of printed: stderr of a plugin reaches API clients.
pub fn panics() {
    std::panic::set_hook(Box::new(|panic| tracing::error!("panic: {panic}")));
}

/// Takes finished lines.
pub(super) trait Sink {
    /// Takes `line`, which is presentable but may hold LF inside. Failing is silent.
    fn take(&self, level: Level, line: &str);
}

struct Stderr;

impl Sink for Stderr {
    fn take(&self, _: Level, line: &str) {
        // One write, so that lines of several threads stay whole. A closed stderr is nobody's error.
        let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}

/// Makes a line out of each event.
struct Lines {
    sink: Box<dyn Sink + Send + Sync>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { sink: &*self.sink, level: Level::INFO, text: Vec::new() }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        let mut line = self.make_writer();
        line.level = *meta.level();
        line
    }
}

/// A line being written; handed over when dropped.
struct Line<'a> {
    sink: &'a (dyn Sink + Send + Sync),
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
        let line = presentable(String::from_utf8_lossy(&self.text).trim());
        if !line.is_empty() {
            self.sink.take(self.level, &line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<(Level, String)>>>);

    impl Sink for Kept {
        fn take(&self, level: Level, line: &str) {
            self.0.lock().unwrap().push((level, line.to_owned()));
        }
    }

    #[test]
    fn events_become_scrubbed_lines_with_their_level() {
        let kept = Kept::default();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .with_writer(Lines { sink: Box::new(kept.clone()) })
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(url = "http://u:p@h/", "fetching\x07");
            tracing::error!("X-Auth-Token: abc");
        });
        let kept = kept.0.lock().unwrap();
        assert_eq!(kept[0].0, Level::INFO);
        assert!(kept[0].1.contains("http://***@h/") && !kept[0].1.contains('\x07'), "{kept:?}");
        assert_eq!(kept[1], (Level::ERROR, "ERROR X-Auth-Token: ***".to_owned()));
    }
}
