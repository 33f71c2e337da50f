//! The program for admins.

use std::process::ExitCode;

fn main() -> ExitCode {
    vhd_porter::cli::main(std::env::args_os()).into()
}
