//! `vhd-porter recover`.

use super::args::Recover as Args;
use super::outcome::{Exit, Failure};
use super::{place, session, show};
use crate::sr::{Action, Leftover, Recovered, Recovery, Repository, leftovers, recover};

/// What was found, and done.
#[derive(serde::Serialize)]
struct Report {
    recovered: Vec<Recovered>,
    /// Directories like those of the Python plugins.
    legacy: Vec<Leftover>,
    /// Whether they were removed.
    legacy_removed: bool,
    dry_run: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let settings = session::settings()?;
    let path = place::find(args.place.sr.as_deref(), args.place.sr_uuid)?;
    let sr = Repository::open_writable(&path, &settings)?;
    let remove = args.legacy && !args.dry_run;
    let how = if args.dry_run { Recovery::Rehearse } else { Recovery::Everything };
    let report = Report {
        recovered: recover(&sr, how)?,
        legacy: leftovers(&sr, remove)?,
        legacy_removed: remove,
        dry_run: args.dry_run,
    };
    if args.json {
        show::document(&report);
    } else {
        show::text(&told(&report));
    }
    let failed = report.recovered.iter().any(|recovered| recovered.action == Action::Failed);
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn told(report: &Report) -> String {
    let mut text = String::new();
    for Recovered { staging, owner, action, vdis, problem } in &report.recovered {
        let vdis: Vec<String> = vdis.iter().map(ToString::to_string).collect();
        let what = match (action, report.dry_run) {
            (Action::InWork, _) => format!("in work by process {} on {}: left alone", owner.pid, owner.host),
            (Action::Failed, _) => format!("left as it is: {}", problem.as_deref().unwrap_or("unknown")),
            (Action::Removed, false) => "nothing of it was to land or to be taken back: removed".to_owned(),
            (Action::Removed, true) => {
                "nothing of it is to land or to be taken back: would be removed".to_owned()
            }
            (Action::Finished, false) => "its chain is in the SR: removed".to_owned(),
            (Action::Finished, true) => "its chain is in the SR: would be removed".to_owned(),
            (Action::RolledBack, false) => format!("taken back: {}", vdis.join(", ")),
            (Action::RolledBack, true) => format!("would be taken back: {}", vdis.join(", ")),
            (Action::RolledForward, false) => format!("landed: {}", vdis.join(", ")),
            (Action::RolledForward, true) => format!("would land: {}", vdis.join(", ")),
        };
        text += &format!("{staging}  {what}\n");
    }
    for Leftover { directory, files, .. } in &report.legacy {
        let what = if report.legacy_removed {
            "removed"
        } else {
            "looks like one of the Python plugins; if none is running, --legacy removes it"
        };
        text += &format!("{directory}  {} files: {what}\n", files.len());
    }
    if text.is_empty() { "nothing to recover\n".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_to_be_nothing() {
        let report =
            Report { recovered: Vec::new(), legacy: Vec::new(), legacy_removed: false, dry_run: false };
        assert_eq!(told(&report), "nothing to recover\n");
    }
}
