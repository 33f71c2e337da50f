//! The program for admins.

use std::process::ExitCode;

use clap::Parser;

use vhd_porter::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(&Cli::parse()).into()
}
