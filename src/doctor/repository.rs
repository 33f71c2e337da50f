//! An SR: whether it is there, what it is on, and what runs that died have left in it.

use std::path::{Path, PathBuf};

use super::line::Line;
use super::subject::Subject;
use super::{file_system, storage_manager, vhd_util};
use crate::config::{Settings, key};
use crate::os::{self, Abilities};
use crate::sr::{Action, Claim, Error, Recovery, Repository, Staging, leftovers, recover};

pub(super) fn look(subject: &Subject) -> Vec<Line> {
    let settings = &subject.settings;
    let Some(path) = &subject.sr else { return vec![unnamed(settings)] };
    let sr = match Repository::open(path) {
        Ok(sr) => sr,
        Err(error) => return vec![Line::failed("SR", &error, "name the directory of an SR that is mounted")],
    };
    let mut lines = vec![Line::good("SR", named(&sr))];
    lines.extend(file_system::mounted(&sr));
    lines.extend(file_system::room(&sr, settings));
    lines.extend(storage_manager::look(&sr, settings));
    match Repository::open_writable(path, settings) {
        Ok(sr) => {
            lines.push(left(&sr, path));
            lines.extend(old_plugins(&sr, path));
            lines.extend(probed(&sr, settings));
        }
        Err(error @ Error::ReadOnly(_)) => {
            lines.push(Line::failed("SR", &error, "mount it rw: imports are refused, exports work"));
        }
        Err(error) => lines.push(Line::failed("SR", &error, "see the message")),
    }
    lines
}

/// Nobody has named one: those that could be.
fn unnamed(settings: &Settings) -> Line {
    let mounts = settings.path(key::SR_MOUNTS);
    let names = std::fs::read_dir(&mounts).into_iter().flatten().flatten().map(|entry| entry.path());
    let srs: Vec<PathBuf> =
        names.filter(|path| Repository::open(path).is_ok_and(|sr| sr.uuid().is_some())).collect();
    if srs.is_empty() {
        let found =
            format!("none is mounted in {}: --sr DIR looks at a directory anywhere", mounts.display());
        return Line::good("SR", found);
    }
    let srs: Vec<String> = srs.iter().map(|path| path.display().to_string()).collect();
    Line::good("SR", format!("{}; --sr DIR looks at one", srs.join(", ")))
}

fn named(sr: &Repository) -> String {
    let path = sr.dir().path().display();
    match sr.uuid() {
        Some(_) => format!("{path}, named by its uuid"),
        None => format!("{path}, not named by a uuid: the storage manager does not know it"),
    }
}

/// What is left by runs of ours that died.
fn left(sr: &Repository, path: &Path) -> Line {
    let recovered = match recover(sr, Recovery::Rehearse) {
        Ok(recovered) => recovered,
        Err(error) => return Line::failed("leftovers", &error, "see the message"),
    };
    let alive = recovered.iter().filter(|area| area.action == Action::InWork).count();
    let dead = recovered.len() - alive;
    if dead == 0 {
        return Line::good(
            "leftovers",
            match alive {
                0 => "none".to_owned(),
                _ => format!("none; {alive} at work now"),
            },
        );
    }
    let advice = format!("vhd-porter recover --sr {}; the next import does the same", path.display());
    Line::warn("leftovers", format!("{dead} of runs that died; {alive} at work now"), advice)
}

/// What the Python plugins have left.
fn old_plugins(sr: &Repository, path: &Path) -> Option<Line> {
    let advice = format!(
        "make sure that no old plugin runs, then vhd-porter recover --legacy --sr {}",
        path.display()
    );
    match leftovers(sr, false) {
        Ok(found) if found.is_empty() => None,
        Ok(found) => {
            let names: Vec<String> = found.into_iter().map(|leftover| leftover.directory).collect();
            let found = format!("like those of the Python plugins: {}", names.join(", "));
            Some(Line::warn("leftovers", found, advice))
        }
        Err(error) => Some(Line::failed("leftovers", &error, advice)),
    }
}

/// What is found out by doing it, in a staging area of our own.
fn probed(sr: &Repository, settings: &Settings) -> Vec<Line> {
    let staging = match Staging::create(sr, &Claim::default()) {
        Ok(staging) => staging,
        Err(error) => {
            let advice =
                "imports are refused the same way: run as root, on a file system that has record locks";
            return vec![Line::failed("probe", &error, advice)];
        }
    };
    let mut lines = match Abilities::probe(staging.dir()) {
        Ok(abilities) => file_system::abilities(&abilities),
        Err(error) => vec![Line::failed("probe", &error, "imports may fail the same way")],
    };
    lines.extend(vhd_util::try_out(settings, staging.dir()));
    if let Err(error) = staging.remove() {
        lines.push(Line::warn("probe", os::in_full(&error), "vhd-porter recover removes what is left"));
    }
    lines
}
