//! Taking everything away again, and giving back what was there before.

use std::path::Path;

use super::Mode;
use super::change::{Action, Change};
use super::entry::Entry;
use super::error::Error;
use super::manifest::Manifest;
use super::names;
use super::site::Site;
use super::standing::{Standing, look};
use crate::os::Dir;

/// Takes away what was installed at `site`, links before what they lead to. Returns what was done, or is to be.
///
/// # Errors
/// Nothing is installed, privileges are missing, or the system refused. What was done until then stays, and the
/// next run goes on.
pub fn uninstall(site: &Site, mode: Mode) -> Result<Vec<Change>, Error> {
    let manifest = |site: &Site| {
        let manifest = site.manifest()?;
        manifest.ok_or_else(|| Error::NotInstalled(Manifest::path(&site.state())))
    };
    let installed = manifest(site)?;
    for parent in installed.entries.iter().filter_map(|entry| entry.path.parent()) {
        site.missing(parent)?;
    }
    if mode == Mode::Rehearse {
        return take_back(site, &installed.entries, mode);
    }
    let (state, lock) = site.lock()?;
    let installed = manifest(site)?;
    let changes = take_back(site, &installed.entries, mode)?;
    for directory in installed.directories.iter().rev() {
        site.remove(directory)?;
    }
    Manifest::remove(&state)?;
    site.unlock(&state, lock)?;
    Ok(changes)
}

/// Takes back `entries`, the last first.
pub(super) fn take_back(site: &Site, entries: &[Entry], mode: Mode) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    let groups: Vec<&[Entry]> = entries.chunk_by(|a, b| a.path.parent() == b.path.parent()).collect();
    for group in groups.into_iter().rev() {
        let Some(first) = group.first() else { continue };
        let actual = site.actual(&first.path);
        let dir = match Dir::open(actual.parent().unwrap_or(Path::new("/"))) {
            Ok(dir) => dir,
            // Gone, with all that was in it.
            Err(error) if error.is_missing() => continue,
            Err(error) => return Err(error.into()),
        };
        for entry in group.iter().rev() {
            let name = names::of(&entry.path);
            let action = action(&dir, name, entry)?;
            if mode == Mode::Act {
                carry_out(&dir, name, entry, action)?;
            }
            changes.push(Change { path: entry.path.clone(), action, backup: kept(&dir, entry, action)? });
        }
        if mode == Mode::Act {
            dir.sync()?;
        }
    }
    Ok(changes)
}

/// What is to be done to a name.
fn action(dir: &Dir, name: &str, entry: &Entry) -> Result<Action, Error> {
    let has_backup = match &entry.backup {
        Some(backup) => dir.stat(backup)?.is_some(),
        None => false,
    };
    Ok(match look(dir, name)? {
        Standing::Known(found, _) if !entry.owns(&found) => Action::Leave,
        Standing::Other(_) => Action::Leave,
        Standing::Known(..) | Standing::Nothing if has_backup => Action::Restore,
        Standing::Known(..) | Standing::Nothing => Action::Remove,
    })
}

fn carry_out(dir: &Dir, name: &str, entry: &Entry, action: Action) -> Result<(), Error> {
    let fresh = names::fresh(name);
    if dir.stat(&fresh)?.is_some() {
        dir.unlink(&fresh)?;
    }
    match (action, &entry.backup) {
        (Action::Restore, Some(backup)) => dir.replace(backup, name)?,
        (Action::Remove, _) if dir.stat(name)?.is_some() => dir.unlink(name)?,
        // Of a run that was killed before it replaced the name: this is no backup yet.
        (Action::Leave, Some(backup)) if dir.is_same(backup, name)? => dir.unlink(backup)?,
        _ => {}
    }
    Ok(())
}

/// A backup that stays where it is.
fn kept(dir: &Dir, entry: &Entry, action: Action) -> Result<Option<std::path::PathBuf>, Error> {
    let restored = entry.backup.as_deref().filter(|_| action == Action::Restore);
    let backups = names::backups(dir, names::of(&entry.path))?;
    let kept = backups.into_iter().rfind(|backup| Some(backup.as_str()) != restored);
    Ok(kept.map(|name| entry.path.with_file_name(name)))
}
