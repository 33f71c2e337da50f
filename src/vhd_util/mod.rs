//! The command line of blktap's `vhd-util`, over this crate's engine: same commands, same options, same words, same exit
//! codes, for scripts and storage managers that know no other. `docs/vhd-util.md` lists where it differs on purpose.
//!
//! ```text
//! arguments ─▶ getopt ─▶ one file per command ─▶ Disk (looking: asks for little)   ─▶ Console
//!                                            └─▶ vhd::Image (writing: asks for all)
//! ```
//!
//! A command is a function that takes its arguments and a `Console` and returns an `Errno`: the exit code.
//!
//! Dates are shown in UTC. `SOURCE_DATE_EPOCH` in the environment pins the clock.

mod check;
mod clock;
mod coalesce;
mod console;
mod copy;
mod create;
mod disk;
mod dump;
mod errno;
mod fill;
mod getopt;
mod guest;
mod key;
mod kinship;
mod marker;
mod modify;
mod newborn;
mod number;
mod parent;
mod query;
mod read;
mod repair;
mod resize;
mod revert;
mod scan;
mod set;
mod snapshot;
mod writing;

use std::ffi::OsString;
use std::io::BufWriter;
use std::process::ExitCode;

use console::{Console, complain, say};
use errno::Errno;

/// What a command is: its arguments in, an exit code out.
type Command = fn(&[OsString], &mut Console<'_>) -> Result<(), Errno>;

/// Every command.
const COMMANDS: &[(&str, Command)] = &[
    ("create", create::run),
    ("snapshot", snapshot::run),
    ("query", query::run),
    ("read", read::run),
    ("set", set::run),
    ("repair", repair::run),
    ("modify", modify::run),
    ("scan", scan::run),
    ("check", check::run),
    ("revert", revert::run),
    ("resize", resize::run),
    ("fill", fill::run),
    ("coalesce", coalesce::run),
    ("key", key::run),
    ("copy", copy::run),
];

const USAGE: &str = "usage: vhd-util COMMAND [OPTIONS]\nCOMMAND := { create | snapshot | query | read | set | repair | resize | fill | coalesce | modify | scan | check | revert | key | copy }\n";

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (mut out, mut err) = (BufWriter::new(std::io::stdout().lock()), std::io::stderr().lock());
    let mut console = Console::new(&mut out, &mut err);
    let code = run(&args, &mut console);
    console.flush();
    ExitCode::from(code)
}

/// Runs `args`: a command, its options. Returns the exit code.
fn run(args: &[OsString], console: &mut Console<'_>) -> u8 {
    // Everywhere on the line, and of no effect on what is printed.
    let args: Vec<OsString> = args.iter().filter(|a| *a != "--debug").cloned().collect();
    let command = args.split_first().map(|(name, rest)| (name.to_string_lossy(), rest));
    let Some((name, rest)) = command else {
        say!(console, "{USAGE}");
        return 0;
    };
    let Some((_, command)) = COMMANDS.iter().find(|(known, _)| *known == name) else {
        complain!(console, "invalid COMMAND {name}\n");
        say!(console, "{USAGE}");
        return 0;
    };
    command(rest, console).map_or_else(Errno::exit_code, |()| 0)
}

/// Prints a command's usage, as the answer to a wrong call.
fn usage(console: &mut Console<'_>, text: &str) -> Result<(), Errno> {
    say!(console, "{text}");
    Err(Errno::INVAL)
}
