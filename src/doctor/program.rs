//! The programs themselves, and who runs them.

use super::line::Line;
use super::subject::{PATIENCE, Subject};
use crate::os::{self, Job};

/// The program that holds all plugins.
pub(super) const DISPATCH: &str = "vhd-porter-plugin";

pub(super) fn look(subject: &Subject) -> Vec<Line> {
    vec![program(subject), user()]
}

fn program(subject: &Subject) -> Line {
    let ours = concat!("vhd-porter ", env!("CARGO_PKG_VERSION"));
    let (program, dispatch) = (subject.program.display(), subject.beside(DISPATCH));
    let install = "install both programs from the same package, side by side";
    if !dispatch.exists() {
        let found = format!("{ours}, {program}; no {DISPATCH} beside it");
        return Line::warn("program", found, format!("for plugin calls, {install}"));
    }
    let job = Job::new(&dispatch).args(["--version"]);
    let said = match job.run(PATIENCE).and_then(|finished| job.require_success(finished)) {
        Ok(finished) => finished.stdout.trim().to_owned(),
        Err(error) => return Line::failed("program", &error, install),
    };
    if said.split_whitespace().last() != ours.split_whitespace().last() {
        return Line::bad("program", format!("{ours}, {program}, but {said} beside it"), install);
    }
    Line::good("program", format!("{ours}, {program}; {DISPATCH} is beside it"))
}

/// Whoever it is, the other lines are what this user sees.
fn user() -> Line {
    if os::is_root() {
        return Line::good("user", "root");
    }
    let found = "not root: SRs, locks and xapi's socket are root's";
    Line::warn("user", found, "run vhd-porter, and this, as root")
}
