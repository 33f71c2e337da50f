//! [`Plan`]: what has to be done for every item to stand at its name. Making it changes nothing, and finds what
//! is in the way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::change::{Action, Change};
use super::entry::Entry;
use super::error::Error;
use super::item::{Content, Item};
use super::manifest::Manifest;
use super::names;
use super::site::Site;
use super::standing::{Fingerprint, Standing, look};
use crate::os::Dir;

/// What has to be done.
pub(super) struct Plan {
    /// The manifest as it has to be before anything else changes.
    pub(super) manifest: Manifest,
    /// Directories that have to be made, each after its parent.
    pub(super) directories: Vec<PathBuf>,
    /// What has to be done to each name, in the order of the items.
    pub(super) steps: Vec<Step>,
    /// What an older version has put beside these names, and this one does not have.
    pub(super) stale: Vec<Entry>,
}

/// What has to be done to one name.
pub(super) struct Step {
    pub(super) item: Item,
    /// What it will be known by.
    pub(super) wanted: Fingerprint,
    pub(super) action: Action,
    /// The name of the backup that has to be made first.
    pub(super) backup: Option<String>,
}

impl Plan {
    /// What has to be done at `site` for `items` to stand.
    pub(super) fn make(site: &Site, items: Vec<Item>, version: &str) -> Result<Self, Error> {
        let known = site.manifest()?.unwrap_or_else(|| Manifest::new(version));
        let directories = directories(site, &items)?;
        let mut steps = Vec::with_capacity(items.len());
        for item in items {
            let entry = known.entry(&item.path);
            steps.push(step(site, item, entry)?);
        }
        let beside: BTreeSet<Option<&Path>> = steps.iter().map(|step| step.item.path.parent()).collect();
        let is_stale = |entry: &&Entry| {
            beside.contains(&entry.path.parent()) && steps.iter().all(|step| step.item.path != entry.path)
        };
        let stale: Vec<Entry> = known.entries.iter().filter(is_stale).cloned().collect();
        let manifest = ahead(&known, &directories, &steps, version);
        Ok(Self { manifest, directories, steps, stale })
    }

    /// The manifest once all is done.
    pub(super) fn done(&self) -> Manifest {
        let mut manifest = self.manifest.clone();
        manifest.entries.retain(|entry| self.stale.iter().all(|stale| stale.path != entry.path));
        for step in &self.steps {
            if let Some(entry) = manifest.entries.iter_mut().find(|entry| entry.path == step.item.path) {
                entry.ours = vec![step.wanted.clone()];
            }
        }
        manifest
    }

    /// What is done to the items, in words.
    pub(super) fn changes(&self) -> Vec<Change> {
        let change = |step: &Step| Change {
            path: step.item.path.clone(),
            action: step.action,
            backup: step.backup.as_ref().map(|name| step.item.path.with_file_name(name)),
        };
        self.steps.iter().map(change).collect()
    }
}

/// The manifest as it is written ahead: what is there, and what may be there soon.
fn ahead(known: &Manifest, directories: &[PathBuf], steps: &[Step], version: &str) -> Manifest {
    let mut manifest = known.clone();
    manifest.version = version.to_owned();
    for directory in directories {
        if !manifest.directories.contains(directory) {
            manifest.directories.push(directory.clone());
        }
    }
    for step in steps {
        let path = &step.item.path;
        match manifest.entries.iter_mut().find(|entry| entry.path == *path) {
            Some(entry) => {
                if !entry.ours.contains(&step.wanted) {
                    entry.ours.push(step.wanted.clone());
                }
                entry.backup = step.backup.clone().or(entry.backup.take());
            }
            // What somebody else has put there, a package for one, stays theirs; but a link to us is of no use
            // without us.
            None if step.action == Action::Keep && !step.wanted.is_plugin() => {}
            None => manifest.entries.push(Entry {
                path: path.clone(),
                ours: vec![step.wanted.clone()],
                backup: step.backup.clone(),
            }),
        }
    }
    // Whoever takes back the last first takes back links before what they lead to.
    manifest.entries.sort_by_key(Entry::is_link);
    manifest
}

/// The directories that have to be made for `items`.
fn directories(site: &Site, items: &[Item]) -> Result<Vec<PathBuf>, Error> {
    let parents: BTreeSet<&Path> = items.iter().filter_map(|item| item.path.parent()).collect();
    let mut directories = Vec::new();
    for parent in parents {
        for missing in site.missing(parent)? {
            if !directories.contains(&missing) {
                directories.push(missing);
            }
        }
    }
    site.check_state()?;
    Ok(directories)
}

fn step(site: &Site, item: Item, entry: Option<&Entry>) -> Result<Step, Error> {
    let wanted = Fingerprint::wanted(&item)?;
    let actual = site.actual(&item.path);
    let dir = match Dir::open(actual.parent().unwrap_or(Path::new("/"))) {
        Ok(dir) => dir,
        Err(error) if error.is_missing() => {
            return Ok(Step { item, wanted, action: Action::Create, backup: None });
        }
        Err(error) => return Err(error.into()),
    };
    let name = names::of(&item.path);
    let (action, backup) = match look(&dir, name)? {
        Standing::Nothing => (Action::Create, None),
        Standing::Known(found, mode) if found == wanted && mode == item.content.mode() => {
            (Action::Keep, None)
        }
        Standing::Known(found, _) if found == wanted || found.is_plugin() => (Action::Replace, None),
        Standing::Known(found, _) if entry.is_some_and(|entry| entry.owns(&found)) => (Action::Replace, None),
        Standing::Known(..) if matches!(item.content, Content::Guest(_)) => return Err(Error::Hosts(actual)),
        Standing::Known(..) => (Action::Replace, Some(backup(&dir, name, entry)?)),
        Standing::Other(found) => {
            return Err(Error::InTheWay { path: actual, expected: "a file, a symlink or nothing", found });
        }
    };
    Ok(Step { item, wanted, action, backup })
}

/// The backup of what stands at `name`: the one that a run which was killed has made of it, or a new one.
fn backup(dir: &Dir, name: &str, entry: Option<&Entry>) -> Result<String, Error> {
    match entry.and_then(|entry| entry.backup.as_ref()) {
        Some(made) if dir.is_same(made, name)? => Ok(made.clone()),
        _ => names::free_backup(dir, name),
    }
}
