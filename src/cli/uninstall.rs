//! `vhd-porter uninstall`.

use std::path::PathBuf;

use super::args::Uninstall as Args;
use super::changes::told;
use super::install::{failed, mode};
use super::outcome::{Exit, Failure};
use super::show;
use crate::setup::{self, Change, Site};

/// What was done, or is to be.
#[derive(serde::Serialize)]
struct Report {
    root: Option<PathBuf>,
    dry_run: bool,
    changes: Vec<Change>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let site = Site::new(args.root.as_deref()).map_err(|e| failed(&e))?;
    let changes = setup::uninstall(&site, mode(args.dry_run)).map_err(|e| failed(&e))?;
    let report = Report { root: args.root.clone(), dry_run: args.dry_run, changes };
    show::either(args.json, &report, || {
        let end = if args.dry_run { "nothing was changed\n" } else { "uninstalled\n" };
        told(&report.changes, args.dry_run) + end
    });
    Ok(Exit::Done)
}
