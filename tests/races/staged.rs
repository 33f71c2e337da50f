//! What the dead leave: staging areas as they lie in an SR after a crash, made by hand.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use uuid::Uuid;

use crate::image::Archive;
use crate::place::{Outcome, Place, some_uuids};

/// A chain of three links that came in by halves.
pub(crate) struct Dead {
    /// Leaf first.
    pub(crate) uuids: Vec<Uuid>,
    pub(crate) archive: Archive,
    pub(crate) staging: PathBuf,
    journal: String,
}

impl Dead {
    /// All links have landed, in `order`, and have their names in the staging area as well; there is no journal yet.
    pub(crate) fn in_place(place: &Place, order: &str) -> Self {
        let (archive, uuids) = (place.archive(9, 3), some_uuids(3));
        place.import(&archive.path, &uuids).done();
        // The receipt would answer for a chain that is whole.
        fs::remove_dir_all(place.path("state")).unwrap();
        let staging = area(place, &uuids);
        let mut links = Vec::new();
        for uuid in &uuids {
            let (path, name) = (place.vdi(*uuid), format!("{uuid}.vhd"));
            if fs::hard_link(&path, staging.join(&name)).is_err() {
                println!("no hard links: {} has a name in the SR only", path.display());
            }
            let metadata = path.metadata().unwrap();
            links.push(json!({ "uuid": uuid, "staged": name, "inode": metadata.ino(), "size": metadata.len(), "footer_uuid": null }));
        }
        let journal = json!({ "order": order, "links": links }).to_string();
        Self { uuids, archive, staging, journal }
    }

    /// Takes the names of these links out of the SR again: they had not landed. 0 is the leaf.
    pub(crate) fn not_landed(self, place: &Place, links: &[usize]) -> Self {
        links.iter().for_each(|link| fs::remove_file(place.vdi(self.uuids[*link])).unwrap());
        self
    }

    /// Removes the staged names: they landed by a rename.
    pub(crate) fn renamed(self) -> Self {
        self.uuids.iter().for_each(|uuid| fs::remove_file(self.staging.join(format!("{uuid}.vhd"))).unwrap());
        self
    }

    /// Writes the journal, with `tail` behind its first line.
    pub(crate) fn journal(self, tail: &str) -> Self {
        fs::write(self.staging.join("journal"), format!("{}\n{tail}", self.journal)).unwrap();
        self
    }

    /// Writes the first half of the journal.
    pub(crate) fn half_a_journal(self) -> Self {
        fs::write(self.staging.join("journal"), &self.journal[..self.journal.len() / 2]).unwrap();
        self
    }
}

/// A staging area with the claim of a process that has died.
pub(crate) fn area(place: &Place, uuids: &[Uuid]) -> PathBuf {
    let staging = place.sr().join(".vhd-porter-dead01.staging");
    fs::create_dir(&staging).unwrap();
    fs::set_permissions(&staging, fs::Permissions::from_mode(0o700)).unwrap();
    let owner = json!({ "host": "elsewhere", "pid": 4_000_000, "since": 1_700_000_000 });
    let claim = json!({ "owner": owner, "claim": { "call": "a digest", "uuids": uuids } });
    fs::write(staging.join("claim"), claim.to_string()).unwrap();
    staging
}

/// Every file below a directory, with its bytes.
pub(crate) fn everything(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(everything(&path));
            found.insert(path, Vec::new());
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

/// The one staging area that a recovery speaks of: action, and how many VDIs it was about.
#[track_caller]
pub(crate) fn told(outcome: &Outcome) -> (String, usize) {
    let [one] = &outcome.answer["recovered"].as_array().unwrap()[..] else { panic!("{outcome:?}") };
    (one["action"].as_str().unwrap().to_owned(), one["vdis"].as_array().unwrap().len())
}
