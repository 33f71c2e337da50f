//! `vhd-porter call`.

use super::args::Call as Args;
use super::outcome::{Exit, Failure};

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    Err(Failure::Other { kind: "system", message: format!("{args:?}") })
}
