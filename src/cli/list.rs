//! `vhd-porter list`: the chains of an SR on a terminal.

use std::fmt::Write as _;
use std::path::Path;

use super::args::List as Args;
use super::outcome::{Exit, Failure};
use super::{place, session, show};
use crate::pipeline::{Inspection, Survey, VdiFacts, survey};
use crate::sr::{Repository, VdiName};

/// Depth from which on VDIs are not indented further: more than any chain that the storage manager makes has.
const DEEPEST: usize = 40;

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let path = place::find(args.place.sr.as_deref(), args.place.sr_uuid)?;
    list(&path, &args.vdis, args.json)
}

/// Shows the chains of the SR at `path`; only those of some VDIs, if any are named.
pub(super) fn list(path: &Path, vdis: &[VdiName], json: bool) -> Result<Exit, Failure> {
    let survey = session::at_once(|ctx| {
        let sr = Repository::open(path)?;
        let vdis = sr.find_all(vdis)?;
        vdis.iter().try_for_each(|uuid| sr.open_vdi(*uuid).map(drop))?;
        let survey = survey(&sr, ctx)?;
        Ok(if vdis.is_empty() { survey } else { survey.only(&vdis) })
    })?;
    if json {
        show::document(&Inspection::Repository(Box::new(survey)));
    } else {
        show::text(&words(&survey));
    }
    Ok(Exit::Done)
}

fn words(survey: &Survey) -> String {
    let mut out = String::new();
    if !survey.vdis.is_empty() {
        let _ =
            writeln!(out, "{:>9}  {:>9}  {:>9}  {:7}  {:9}  vdi", "disk", "file", "occupies", "", "health");
    }
    for (vdi, branch) in survey.vdis.iter().zip(branches(&survey.vdis)) {
        out += &line(vdi, &branch);
    }
    for broken in &survey.broken {
        let _ = writeln!(out, "{}: {}", broken.file, broken.reason);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    sums(survey, &mut out);
    out
}

fn line(vdi: &VdiFacts, branch: &str) -> String {
    let node = &vdi.node;
    let [disk, file, occupied] = [node.virtual_size, node.physical_size, node.occupied_size].map(show::size);
    let role = if node.hidden { "hidden" } else { "visible" };
    let health = if vdi.garbage { "garbage" } else { vdi.health.says() };
    let missing = node.parent.filter(|_| vdi.parent_missing);
    let missing = missing.map_or(String::new(), |parent| format!("  parent {parent} is missing"));
    let uuid = node.uuid;
    format!("{disk:>9}  {file:>9}  {occupied:>9}  {role:7}  {health:9}  {branch}{uuid}{missing}\n")
}

/// What stands before each VDI of a list in which every one comes behind its parent.
fn branches(vdis: &[VdiFacts]) -> Vec<String> {
    let mut branches = vec![String::new(); vdis.len()];
    // At which depths a line goes on below, seen from the end: where another child of the same parent follows.
    let mut open: Vec<bool> = Vec::new();
    for (branch, vdi) in branches.iter_mut().zip(vdis).rev() {
        let depth = vdi.depth.min(DEEPEST);
        open.resize(depth + 1, false);
        for above in open.iter().take(depth).skip(1) {
            branch.push_str(if *above { "│  " } else { "   " });
        }
        if depth > 0 {
            branch.push_str(if open[depth] { "├─ " } else { "└─ " });
        }
        open[depth] = true;
    }
    branches
}

fn sums(survey: &Survey, out: &mut String) {
    let totals = &survey.totals;
    let (vdis, chains) = (counted(totals.vdis, "VDI"), counted(survey.chains.len(), "chain"));
    let [disks, files, occupied] =
        [totals.virtual_size, totals.physical_size, totals.occupied_size].map(show::size);
    let _ = writeln!(
        out,
        "{vdis} in {chains}: {disks} of visible disks in files of {files}, which occupy {occupied}"
    );
    let (free, all) = (show::size(survey.space.free), show::size(survey.space.total));
    let _ = writeln!(out, "{free} of {all} are free");
    let sr = survey.sr.display();
    if totals.garbage > 0 {
        let (count, size) = (totals.garbage, show::size(totals.garbage_size));
        let _ = writeln!(out, "garbage: {count}, which occupy {size}: see vhd-porter report --sr {sr}");
    }
    for area in survey.staging.iter().filter(|area| !area.in_work) {
        let _ = writeln!(
            out,
            "  {}: left by a run that died: vhd-porter recover --sr {sr} ends it",
            area.directory
        );
    }
    for left in &survey.legacy {
        let _ = writeln!(
            out,
            "  {}: like one of the Python plugins: vhd-porter recover --sr {sr} --legacy",
            left.directory
        );
    }
    if totals.unhealthy > 0 {
        let _ = writeln!(out, "unhealthy: {}: see vhd-porter check --sr {sr}", totals.unhealthy);
    }
}

/// A number and what it counts.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
