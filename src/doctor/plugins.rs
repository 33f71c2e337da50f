//! xapi's directory of plugins: which of ours are in it, and which of those names are somebody else's.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::Deserialize;

use super::line::Line;
use super::program::DISPATCH;
use super::subject::{PATIENCE, Subject};
use crate::config::{Kind, key};
use crate::os::{self, Job, SpawnError};

/// Links our plugins, and keeps what they replace.
const INSTALL: &str = "vhd-porter install links them, and keeps what it replaces";

/// The list of the dispatch binary.
#[derive(Deserialize)]
struct Listed {
    plugins: Vec<Named>,
}

/// A plugin in it.
#[derive(Deserialize)]
struct Named {
    name: String,
}

/// What is in the directory under a name.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Ours,
    Nothing,
    Dangling,
    Foreign,
}

pub(super) fn look(subject: &Subject) -> Vec<Line> {
    let directory = &subject.plugins;
    let shown = directory.display();
    if !directory.is_dir() {
        let found = format!("no {shown}: nobody calls plugins here, but vhd-porter call does");
        return vec![Line::good("plugins", found)];
    }
    let names = match names(subject) {
        Ok(names) => names,
        Err(error) => {
            let advice = format!("install {DISPATCH} beside {}", subject.program.display());
            return vec![Line::failed("plugins", &error, advice)];
        }
    };
    let found: Vec<(&String, Found)> = names.iter().map(|name| (name, look_at(subject, name))).collect();
    let those = |wanted: &Found| -> Vec<&str> {
        found.iter().filter(|(_, found)| found == wanted).map(|(name, _)| name.as_str()).collect()
    };
    let (ours, foreign) = (those(&Found::Ours), those(&Found::Foreign));
    let (missing, dangling) = (those(&Found::Nothing), those(&Found::Dangling));
    let count = format!("{shown}: {} of {} names are ours, with and without .py", ours.len(), names.len());
    let mut lines = vec![Line::good("plugins", count)];
    if !foreign.is_empty() {
        let found = format!("somebody else's: {}", foreign.join(", "));
        lines.push(Line::warn("plugins", found, INSTALL));
    }
    if !dangling.is_empty() {
        let found = format!("cannot be run: {}", dangling.join(", "));
        lines.push(Line::bad("plugins", found, INSTALL));
    }
    // Where none is ours, nobody has installed them: that is no fault.
    if !ours.is_empty() && !missing.is_empty() {
        lines.push(Line::warn("plugins", format!("not there: {}", missing.join(", ")), INSTALL));
    }
    if !ours.is_empty() {
        lines.extend(programs(subject));
    }
    lines
}

/// Every name that xapi may call a plugin of ours by.
fn names(subject: &Subject) -> Result<Vec<String>, SpawnError> {
    let job = Job::new(subject.beside(DISPATCH)).args(["--list", "--json"]);
    let finished = job.require_success(job.run(PATIENCE)?)?;
    let Ok(listed) = serde_json::from_str::<Listed>(&finished.stdout) else {
        return Err(job.failed(finished));
    };
    Ok(listed.plugins.into_iter().flat_map(|plugin| [plugin.name.clone(), plugin.name + ".py"]).collect())
}

fn look_at(subject: &Subject, name: &str) -> Found {
    let path = subject.plugins.join(name);
    if path.symlink_metadata().is_err() {
        return Found::Nothing;
    }
    match os::find_program(&path.to_string_lossy()) {
        None => Found::Dangling,
        Some(_) if is_ours(&path, &subject.beside(DISPATCH)) => Found::Ours,
        Some(_) => Found::Foreign,
    }
}

/// Whether it is the dispatch binary beside this program, or a link to another one.
fn is_ours(path: &Path, dispatch: &Path) -> bool {
    let leads_to_one = std::fs::read_link(path).is_ok_and(|target| target.ends_with(DISPATCH));
    let identity = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    leads_to_one || identity(path).is_some_and(|file| identity(dispatch) == Some(file))
}

/// The programs that plugins run.
fn programs(subject: &Subject) -> Option<Line> {
    let settings = &subject.settings;
    let of_plugins =
        |key: &&&crate::config::Key| key.kind == Kind::Command && key.name.starts_with("programs.");
    let words = key::ALL.iter().filter(of_plugins).filter_map(|key| settings.command(key).into_iter().next());
    let missing: Vec<String> = words.filter(|program| os::find_program(program).is_none()).collect();
    let advice =
        "install what is used, or name it under [programs]; functions that need one answer CommandNotFound";
    let found = || format!("programs of the control domain that are not on PATH: {}", missing.join(", "));
    (!missing.is_empty()).then(|| Line::warn("plugins", found(), advice))
}
