//! Where events go: syslog for a plugin, stderr for a person. Every line is [`presentable()`] and begins with the [`id()`] of
//! this run, by which the lines of one call are found among those of others.
//!
//! ```text
//! tracing event ─▶ line ─┬─ as severe as asked for ─▶ sink: syslog, or whoever shows lines to a person
//!                        └─ debug ─▶ held back, the last of them ─▶ sink, when the call has failed
//! ```
//!
//! How much is told can be set with [`FILTER`], in the syntax of `tracing_subscriber::EnvFilter`; then nothing is held back.

mod held;
mod id;
mod lines;
mod presentable;
mod syslog;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::OnceLock;

use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::Subscriber;

use held::Held;
use lines::Lines;
use syslog::Syslog;

pub use id::id;
pub use presentable::{cut, presentable};

/// The environment variable that says which events are told, such as `debug` or `vhd_porter::pipeline=trace`.
/// xapi passes no environment on: it is for tests and people.
pub const FILTER: &str = "VHD_PORTER_LOG";
/// The environment variable that replaces `/dev/log`, for tests.
pub const SOCKET: &str = "VHD_PORTER_SYSLOG";

/// Who reads the log.
#[derive(Clone, Copy, Debug)]
pub enum Destination {
    /// A person: each line goes to this function.
    Person(fn(&str)),
    /// The host's syslog, each line marked with `tag`.
    Syslog {
        /// The plugin's name.
        tag: &'static str,
    },
}

/// Takes finished lines.
trait Sink: Send + Sync {
    /// Takes `line`, which is presentable but may hold LF inside. Failing is silent.
    fn take(&self, level: Level, line: &str);
}

/// Where lines go in this process.
static SINK: OnceLock<Box<dyn Sink>> = OnceLock::new();
/// What was not told, for the case that it matters.
static HELD: Held = Held::new();

/// Sends the events of this process to `destination` from now on, those of `level` and above unless [`FILTER`]
/// says otherwise. Only the first call in a process counts. A log that cannot be written is silently none.
pub fn start(destination: &Destination, level: Level) {
    let sink: Box<dyn Sink> = match destination {
        Destination::Person(show) => Box::new(Person(*show)),
        Destination::Syslog { tag } => {
            let socket = std::env::var_os(SOCKET).map_or_else(|| PathBuf::from("/dev/log"), PathBuf::from);
            Box::new(Syslog::new(socket, tag))
        }
    };
    let sink = &**SINK.get_or_init(|| sink);
    let plain = || Subscriber::builder().without_time().with_target(false).with_ansi(false);
    let asked = std::env::var(FILTER).ok().and_then(|filter| EnvFilter::try_new(filter).ok());
    // An error means that there is a log already.
    let _ = match asked {
        Some(filter) => {
            let lines = Lines { sink, shown: Level::TRACE, held: &HELD };
            tracing::subscriber::set_global_default(
                plain().with_env_filter(filter).with_writer(lines).finish(),
            )
        }
        None => {
            let lines = Lines { sink, shown: level, held: &HELD };
            let most = level.max(Level::DEBUG);
            tracing::subscriber::set_global_default(plain().with_max_level(most).with_writer(lines).finish())
        }
    };
}

/// Tells what was held back up to now: for a call that has failed. With the severity of information, so that no filter on
/// its way takes it for less than it is.
pub fn tell_held() {
    if let Some(sink) = SINK.get() {
        HELD.take().iter().for_each(|line| sink.take(Level::INFO, line));
    }
}

/// Has panics logged instead of printed: stderr of a plugin reaches API clients.
pub fn panics() {
    std::panic::set_hook(Box::new(|panic| tracing::error!("panic: {panic}")));
}

/// Writes a line to standard error: one write, so that lines of several threads stay whole.
pub fn to_stderr(line: &str) {
    // A closed stderr is nobody's error.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

struct Person(fn(&str));

impl Sink for Person {
    fn take(&self, _: Level, line: &str) {
        (self.0)(line);
    }
}
