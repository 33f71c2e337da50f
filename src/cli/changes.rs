//! What an install or uninstall changes, in words: a line for each directory and kind of change.

use std::fmt::Write as _;
use std::path::Path;

use crate::setup::{Action, Change};

/// What an admin has to know of: where backups are, what came back, what stayed. In a rehearsal, all of it.
pub(super) fn told(changes: &[Change], rehearsal: bool) -> String {
    let mut lines: Vec<(&Path, &str, Vec<String>)> = Vec::new();
    for change in changes {
        let Some(what) = what(change, rehearsal) else { continue };
        let directory = change.path.parent().unwrap_or(Path::new("/"));
        let name = name(&change.path);
        match lines.iter_mut().find(|line| (line.0, line.1) == (directory, what)) {
            Some((.., names)) => names.push(name),
            None => lines.push((directory, what, vec![name])),
        }
    }
    let mut text = String::new();
    for (directory, what, names) in lines {
        let _ = writeln!(text, "{}: {what}: {}", directory.display(), names.join(" "));
    }
    for change in changes {
        let Some(backup) = &change.backup else { continue };
        if change.action != Action::Replace {
            let _ = writeln!(text, "{}: an older backup, which stays", backup.display());
        } else if !name(backup).ends_with(".vhd-porter-backup") {
            let _ = writeln!(text, "{}: the backup, beside older ones", backup.display());
        }
    }
    text
}

fn what(change: &Change, rehearsal: bool) -> Option<&'static str> {
    match change.action {
        Action::Replace if change.backup.is_some() => Some("replaced, and kept as .NAME.vhd-porter-backup"),
        Action::Restore => Some("what was there before"),
        Action::Leave => Some("not ours any more, left alone"),
        Action::Create if rehearsal => Some("new"),
        Action::Replace if rehearsal => Some("replaced"),
        Action::Remove if rehearsal => Some("removed"),
        Action::Keep if rehearsal => Some("there already"),
        Action::Create | Action::Replace | Action::Remove | Action::Keep => None,
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_a_line_for_each_kind_of_change() {
        let change = |path: &str, action, backup: Option<&str>| Change {
            path: path.into(),
            action,
            backup: backup.map(Into::into),
        };
        let changes = [
            change("/b/x", Action::Create, None),
            change("/p/agent", Action::Create, None),
            change("/p/glance.py", Action::Replace, Some("/p/.glance.py.vhd-porter-backup")),
            change("/p/kernel.py", Action::Replace, Some("/p/.kernel.py.vhd-porter-backup")),
            change("/p/old", Action::Restore, Some("/p/.old.vhd-porter-backup")),
        ];
        let kept = "/p: replaced, and kept as .NAME.vhd-porter-backup: glance.py kernel.py\n";
        let rest =
            "/p: what was there before: old\n/p/.old.vhd-porter-backup: an older backup, which stays\n";
        assert_eq!(told(&changes, false), format!("{kept}{rest}"));
        assert_eq!(told(&changes, true), format!("/b: new: x\n/p: new: agent\n{kept}{rest}"));
    }
}
