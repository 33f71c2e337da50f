//! The program for admins: what was typed becomes one call into the pipeline, its result becomes text or JSON.

mod args;
mod bars;
mod call;
mod check;
mod copy;
mod export;
mod import;
mod inspect;
mod outcome;
mod session;
mod show;

use args::Command;

pub use args::Cli;
pub use outcome::Exit;

/// Does what `cli` asks for.
#[must_use]
pub fn run(cli: &Cli) -> Exit {
    session::log(cli.verbose, cli.quiet);
    let quiet = cli.quiet;
    let done = match &cli.command {
        Command::Import(args) => import::run(args, quiet),
        Command::Export(args) => export::run(args, quiet),
        Command::Copy(args) => copy::run(args, quiet),
        Command::Check(args) => check::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Call(args) => call::run(args),
    };
    done.unwrap_or_else(|failure| outcome::report(&failure, cli.command.json()))
}
