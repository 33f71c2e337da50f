//! The program for admins: what was typed becomes one call into the pipeline, its result becomes text or JSON.

mod args;
mod bars;
mod call;
mod cancel;
mod cells;
mod changes;
mod check;
mod config;
mod copy;
mod disk;
mod doctor;
mod export;
mod import;
mod inspect;
mod install;
mod list;
mod map;
mod openstack;
mod outcome;
mod pages;
mod panel;
mod papers;
mod picture;
mod place;
mod recover;
mod report;
mod session;
mod show;
mod status;
mod uninstall;

use std::ffi::OsString;

use clap::Parser;

use args::Command;
use outcome::Failure;

use crate::{log, os};

pub use args::Cli;
pub use outcome::Exit;
pub use papers::{Paper, papers};

/// The whole program: reads the command line, does what it asks for, says how it ended.
#[must_use]
pub fn main(argv: impl IntoIterator<Item = OsString>) -> Exit {
    let argv: Vec<OsString> = argv.into_iter().collect();
    match Cli::try_parse_from(&argv) {
        Ok(cli) => run(&cli),
        Err(error) if error.use_stderr() && argv.iter().any(|word| word == "--json") => {
            outcome::report(&Failure::Usage(error.to_string().trim().to_owned()), true)
        }
        Err(error) => {
            // Nobody may be reading; the exit code says the same.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Done }
        }
    }
}

/// Does what `cli` asks for.
fn run(cli: &Cli) -> Exit {
    session::log(cli.verbose, cli.quiet);
    session::configure(cli);
    os::give_up_privileges();
    if cli.command.stops_in_order() {
        os::stop::note_signals();
    }
    let quiet = cli.quiet;
    let done = match &cli.command {
        Command::Import(args) => import::run(args, quiet),
        Command::Export(args) => export::run(args, quiet),
        Command::Copy(args) => copy::run(args, quiet),
        Command::Check(args) => check::run(args, quiet),
        Command::List(args) => list::run(args),
        Command::Report(args) => report::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Flatten(args) => disk::flatten(args, quiet),
        Command::Convert(args) => disk::convert(args, quiet),
        Command::Compare(args) => disk::compare(args, quiet),
        Command::Map(args) => map::run(args),
        Command::Create(args) => disk::create(args),
        Command::Snapshot(args) => disk::snapshot(args),
        Command::Coalesce(args) => disk::coalesce(args, quiet),
        Command::Repair(args) => disk::repair(args),
        Command::Recover(args) => recover::run(args),
        Command::Status(args) => status::run(args),
        Command::Cancel(args) => cancel::run(args),
        Command::Call(args) => call::run(args),
        Command::Config(args) => config::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Install(args) => install::run(args),
        Command::Uninstall(args) => uninstall::run(args),
    };
    show::ended(done.unwrap_or_else(|failure| {
        if cli.verbose > 0 {
            log::tell_held();
        }
        outcome::report(&failure, cli.command.json())
    }))
}
