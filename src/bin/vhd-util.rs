//! `vhd-util`: the command line of blktap's tool of that name over this crate's own engine. See `docs/vhd-util.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    vhd_porter::vhd_util::main()
}
