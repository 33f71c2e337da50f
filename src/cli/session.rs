//! What the subcommands have in common: logging, progress, and the context of a run.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tracing::Level;

use super::args;
use super::bars::{self, Bars};
use super::outcome::{self, Failure};
use crate::config::{self, Origin, Settings, key};
use crate::log::{self, Destination};
use crate::os;
use crate::pipeline::{self, Both, Context, Identities, Lines, Progress, Silent};
use crate::status::{Reporter, Subject};
use crate::tool::{self, Choice};

/// How often a line is written where no bar can be drawn.
const EVERY: Duration = Duration::from_secs(5);

/// The options that every subcommand has, and settings depend on.
static GIVEN: OnceLock<Given> = OnceLock::new();

/// What the command line says of settings.
struct Given {
    configuration: Option<PathBuf>,
    threads: Option<u64>,
}

/// From here on, settings are as the command line says.
pub(super) fn configure(cli: &args::Cli) {
    // One command line: in tests there may be one already.
    let _ = GIVEN.set(Given { configuration: cli.config.clone(), threads: cli.threads });
}

/// The configuration file that was named, if one was.
pub(super) fn configuration() -> Option<&'static Path> {
    GIVEN.get()?.configuration.as_deref()
}

/// Logs go to standard error: warnings, and with `-v` more.
pub(super) fn log(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => Level::ERROR,
        (_, 0) => Level::WARN,
        (_, 1) => Level::INFO,
        _ => Level::DEBUG,
    };
    log::start(&Destination::Person(bars::above), level);
}

/// Whoever is to be told how far the work is.
pub(super) fn progress(quiet: bool) -> Box<dyn Progress> {
    if quiet {
        Box::new(Silent)
    } else if std::io::stderr().is_terminal() {
        Box::new(Bars)
    } else {
        Box::new(Lines::new(EVERY, |line| eprintln!("{line}")))
    }
}

/// The settings in force, before the options of a subcommand.
pub(super) fn settings() -> Result<Settings, Failure> {
    let mut settings = Settings::load_from(configuration()).map_err(|e| misconfigured(&e))?;
    if let Some(threads) = GIVEN.get().and_then(|given| given.threads) {
        let set = settings.set(key::THREADS, threads.to_string(), Origin::Option);
        set.map_err(|e| misconfigured(&e))?;
    }
    Ok(settings)
}

/// Why the settings cannot be used.
pub(super) fn misconfigured(error: &config::Error) -> Failure {
    Failure::other("bad-configuration", os::in_full(error))
}

/// Runs `work`, which moves the data of `subject`: its progress is shown, and its status told for as long as it lasts.
pub(super) fn transfer<T>(
    subject: Subject,
    tool: &args::Tool,
    quiet: bool,
    work: impl FnOnce(Context<'_>) -> Result<T, pipeline::Error>,
) -> Result<T, Failure> {
    let mut settings = settings()?;
    if let Some(command) = &tool.vhd_util {
        settings.set(key::VHD_UTIL, command.as_str(), Origin::Option).map_err(|e| misconfigured(&e))?;
    }
    let progress = progress(quiet);
    let reporter = Reporter::begin(&settings.path(key::STATE), subject);
    let done = in_context(&settings, tool.tool, &Both(progress.as_ref(), &reporter), work);
    reporter.end(done.as_ref().err().map(outcome::message).as_deref());
    done
}

/// Runs `work`, which is done at once, with the embedded engine.
pub(super) fn at_once<T>(work: impl FnOnce(Context<'_>) -> Result<T, pipeline::Error>) -> Result<T, Failure> {
    in_context(&settings()?, Choice::Embedded, &Silent, work)
}

fn in_context<T>(
    settings: &Settings,
    choice: Choice,
    progress: &dyn Progress,
    work: impl FnOnce(Context<'_>) -> Result<T, pipeline::Error>,
) -> Result<T, Failure> {
    let tool = tool::select(choice, settings.text(key::VHD_UTIL))?;
    let context = Context {
        tool: tool.as_ref(),
        progress,
        clock: SystemTime::now,
        threads: pipeline::threads(settings.number(key::THREADS)),
    };
    Ok(context.run(work)?)
}

/// The embedded engine, for work that needs no other.
pub(super) fn embedded() -> args::Tool {
    args::Tool { tool: Choice::Embedded, vhd_util: None }
}

/// Uuids as given on the command line: none means random ones.
pub(super) fn identities(uuids: &[uuid::Uuid]) -> Identities {
    if uuids.is_empty() { Identities::Random } else { Identities::LeafFirst(uuids.to_vec()) }
}

/// A path as it is shown.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
