//! The whole life of a plugin process.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::answer::answer;
use super::catalog;
use super::invocation::{Invocation, usage};
use super::plugin::Plugin;
use crate::log::{self, Destination};
use crate::os;

/// Called wrongly: no plugin, or not exactly one argument for it.
const USAGE: u8 = 2;

/// Carries out the one call in `argv` on one of `plugins` and prints the one answer.
///
/// The exit status is 0 whenever an answer was printed, be it success or failure; 1 if it could not be printed
/// (xapi then reports a non-zero exit instead of half an answer); 2 with the usage on stderr if `argv` names no
/// plugin or not exactly one argument.
pub fn run(plugins: &[Plugin], argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    match Invocation::read(plugins, argv) {
        Invocation::Call { plugin, argument, by_hand } => {
            let destination = if by_hand {
                Destination::Person(log::to_stderr)
            } else {
                Destination::Syslog { tag: plugin.name }
            };
            log::start(&destination, tracing::Level::INFO);
            log::panics();
            os::give_up_privileges();
            os::create_privately();
            os::stop::note_signals();
            print(&answer(plugin, &argument).write())
        }
        Invocation::Help => print(&usage(plugins)),
        Invocation::List { json: false } => print(&catalog::words(plugins)),
        Invocation::List { json: true } => print(&catalog::document(plugins)),
        Invocation::Version => print(concat!("vhd-porter-plugin ", env!("CARGO_PKG_VERSION"), "\n")),
        Invocation::Wrong(why) => {
            // Nobody may be listening, and there is nothing else to tell.
            let _ = write!(io::stderr(), "vhd-porter-plugin: {why}\n\n{}", usage(plugins));
            ExitCode::from(USAGE)
        }
    }
}

/// Everything on stdout, or an exit status that says it is not there.
fn print(text: &str) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("writing the answer to stdout: {error}");
            ExitCode::FAILURE
        }
    }
}
