//! What was installed, and what was there before: `/var/lib/vhd-porter/install.json`.

use std::io::{Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::error::Error;
use super::names;
use crate::os::{self, Dir};

/// Its name in the directory of our state.
const NAME: &str = "install.json";
/// Longer than any manifest, bytes.
const LONGEST: u64 = 4 << 20;
/// The version of its layout.
const FORMAT: u32 = 1;

/// What was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// The version of the program that wrote it.
    pub(super) version: String,
    /// Directories that were made, each after its parent.
    pub(super) directories: Vec<PathBuf>,
    /// Names: links after what they lead to.
    pub(super) entries: Vec<Entry>,
}

impl Manifest {
    /// One of nothing.
    pub(super) fn new(version: &str) -> Self {
        Self { format: FORMAT, version: version.to_owned(), directories: Vec::new(), entries: Vec::new() }
    }

    /// The one in the directory `state`, if there is one.
    pub(super) fn read(state: &Dir) -> Result<Option<Self>, Error> {
        let file = match state.open_file(NAME, false) {
            Ok(file) => file,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let path = state.join(NAME);
        let mut text = Vec::new();
        let read = os::again(|| (&file).take(LONGEST).read_to_end(&mut text));
        read.map_err(os::Error::at("reading", &path))?;
        let bad = |found: String| Error::Manifest { path: path.clone(), found };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(bad(format!("format {}", manifest.format)));
        }
        if let Some(why) = manifest.entries.iter().find_map(unusable) {
            return Err(bad(why));
        }
        if let Some(directory) = manifest.directories.iter().find(|path| !is_absolute(path)) {
            return Err(bad(format!("the directory {}", directory.display())));
        }
        Ok(Some(manifest))
    }

    /// Writes it into the directory `state`, durably, in place of the one that is there.
    pub(super) fn write(&self, state: &Dir) -> Result<(), Error> {
        let (fresh, path) = (names::fresh(NAME), state.join(NAME));
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|e| os::Error::at("writing", &path)(std::io::Error::from(e)))?;
        text.push(b'\n');
        if state.stat(&fresh)?.is_some() {
            state.unlink(&fresh)?;
        }
        let mut file = state.create(&fresh)?;
        file.write_all(&text).map_err(os::Error::at("writing", &path))?;
        os::again(|| file.sync_all()).map_err(os::Error::at("syncing", &path))?;
        state.replace(&fresh, NAME)?;
        Ok(state.sync()?)
    }

    /// Removes it from the directory `state`.
    pub(super) fn remove(state: &Dir) -> Result<(), Error> {
        for name in [names::fresh(NAME), NAME.to_owned()] {
            if state.stat(&name)?.is_some() {
                state.unlink(&name)?;
            }
        }
        Ok(state.sync()?)
    }

    /// Its path in the directory `state`.
    pub(super) fn path(state: &Path) -> PathBuf {
        state.join(NAME)
    }

    /// What it says of a name.
    pub(super) fn entry(&self, path: &Path) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path)
    }
}

/// Why an entry cannot be ours.
fn unusable(entry: &Entry) -> Option<String> {
    let plain = |name: &str| !name.is_empty() && !name.contains('/') && name != "." && name != "..";
    if !is_absolute(&entry.path) || !plain(names::of(&entry.path)) {
        return Some(format!("the name {}", entry.path.display()));
    }
    entry.backup.as_deref().filter(|name| !plain(name)).map(|name| format!("the backup {name:?}"))
}

/// Whether a path is absolute, and goes down only.
fn is_absolute(path: &Path) -> bool {
    path.is_absolute() && path.components().skip(1).all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::super::standing::Fingerprint;
    use super::*;

    fn entry(path: &str, backup: Option<&str>) -> Entry {
        let ours = vec![Fingerprint::Link("/usr/local/bin/vhd-porter-plugin".into())];
        Entry { path: path.into(), ours, backup: backup.map(ToOwned::to_owned) }
    }

    #[test]
    fn what_was_written_is_read() {
        let place = tempfile::tempdir().unwrap();
        let state = Dir::open(place.path()).unwrap();
        assert!(Manifest::read(&state).unwrap().is_none());
        let mut manifest = Manifest::new("1.2.3");
        manifest.directories.push("/usr/local/share".into());
        manifest.entries.push(entry("/etc/xapi.d/plugins/glance", Some(".glance.vhd-porter-backup")));
        for _ in 0..2 {
            manifest.write(&state).unwrap();
            assert_eq!(Manifest::read(&state).unwrap().as_ref(), Some(&manifest));
        }
        assert_eq!(state.names().unwrap(), [NAME]);
        Manifest::remove(&state).unwrap();
        assert!(Manifest::read(&state).unwrap().is_none());
    }

    #[test]
    fn one_that_leads_anywhere_else_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let state = Dir::open(place.path()).unwrap();
        let refused = |manifest: &Manifest| {
            manifest.write(&state).unwrap();
            let error = Manifest::read(&state).unwrap_err();
            assert!(matches!(error, Error::Manifest { .. }), "{error}");
        };
        for (path, backup) in
            [("etc/passwd", None), ("/a/../b", None), ("/", None), ("/a", Some("../b")), ("/a", Some(".."))]
        {
            refused(&Manifest { entries: vec![entry(path, backup)], ..Manifest::new("1") });
        }
        refused(&Manifest { directories: vec!["/a/../b".into()], ..Manifest::new("1") });
        refused(&Manifest { format: FORMAT + 1, ..Manifest::new("1") });
    }
}
