//! What the subcommands have in common: logging, progress, and the context of a run.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tracing_subscriber::filter::LevelFilter;

use super::args;
use super::bars::Bars;
use super::outcome::Failure;
use crate::config::{self, Origin, Settings, key};
use crate::os;
use crate::pipeline::{self, Context, Identities, Lines, Progress, Silent};
use crate::tool;

/// How often a line is written where no bar can be drawn.
const EVERY: Duration = Duration::from_secs(5);

/// The configuration file that the command line names.
static CONFIGURATION: OnceLock<PathBuf> = OnceLock::new();

/// From here on, settings are those of `file`, where one is named.
pub(super) fn configure(file: Option<PathBuf>) {
    if let Some(file) = file {
        // One command line, one file: in tests there may be one already.
        let _ = CONFIGURATION.set(file);
    }
}

/// The configuration file that was named, if one was.
pub(super) fn configuration() -> Option<&'static Path> {
    CONFIGURATION.get().map(PathBuf::as_path)
}

/// Logs go to standard error: warnings, and with `-v` more.
pub(super) fn log(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_ansi(false)
        .without_time()
        .with_target(false);
    // Only the first subscriber of a process counts: in tests there may be one already.
    let _ = subscriber.try_init();
}

/// Whoever is to be told how far the work is.
pub(super) fn progress(quiet: bool) -> Box<dyn Progress> {
    if quiet {
        Box::new(Silent)
    } else if std::io::stderr().is_terminal() {
        Box::new(Bars::new())
    } else {
        Box::new(Lines::new(EVERY, |line| eprintln!("{line}")))
    }
}

/// The settings in force, before options.
pub(super) fn settings() -> Result<Settings, Failure> {
    Settings::load_from(configuration()).map_err(|e| misconfigured(&e))
}

/// Why the settings cannot be used.
pub(super) fn misconfigured(error: &config::Error) -> Failure {
    Failure::other("bad-configuration", os::in_full(error))
}

/// Runs `work` with a context made from the command line.
pub(super) fn with_context<T>(
    tool: &args::Tool,
    quiet: bool,
    work: impl FnOnce(Context<'_>) -> Result<T, pipeline::Error>,
) -> Result<T, Failure> {
    let mut settings = settings()?;
    if let Some(command) = &tool.vhd_util {
        settings.set(key::VHD_UTIL, command.as_str(), Origin::Option).map_err(|e| misconfigured(&e))?;
    }
    let tool = tool::select(tool.tool, settings.text(key::VHD_UTIL))?;
    let progress = progress(quiet);
    let context = Context {
        tool: tool.as_ref(),
        progress: progress.as_ref(),
        clock: SystemTime::now,
        threads: pipeline::threads(settings.number(key::THREADS)),
    };
    Ok(context.run(work)?)
}

/// The embedded engine, for work that needs no other.
pub(super) fn embedded() -> args::Tool {
    args::Tool { tool: tool::Choice::Embedded, vhd_util: None }
}

/// Uuids as given on the command line: none means random ones.
pub(super) fn identities(uuids: &[uuid::Uuid]) -> Identities {
    if uuids.is_empty() { Identities::Random } else { Identities::LeafFirst(uuids.to_vec()) }
}

/// A path as it is shown.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
