//! Storage repositories of the tests: a directory that already holds something of others.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use super::disk::Disk;
use super::fixture::Fixture;
use super::porter::{Porter, Run};
use super::snapshot::Snapshot;
use super::vhd::{Fields, Vhd};

/// A directory with a VDI and other files of somebody else's in it.
pub(crate) struct Sr {
    _scratch: Option<TempDir>,
    root: PathBuf,
}

impl Sr {
    /// The VDI that is there already.
    pub(crate) const NEIGHBOUR: Uuid = Uuid::from_u128(0xcafe_0000_4444_4444_8888_0000_0000_0001);

    /// A new one.
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a temporary directory");
        let root = scratch.path().join("sr");
        Self::furnish(&root);
        Self { _scratch: Some(scratch), root }
    }

    /// One in a directory that is there, or on its way to be.
    pub(crate) fn at(root: &Path) -> Self {
        Self::furnish(root);
        Self { _scratch: None, root: root.to_owned() }
    }

    fn furnish(root: &Path) {
        std::fs::create_dir_all(root).expect("a directory");
        let neighbour = Disk::new(1, 2 << 20).bytes();
        std::fs::write(root.join(format!("{}.vhd", Self::NEIGHBOUR)), neighbour).expect("a file");
        std::fs::write(root.join("filelog.txt"), "of the storage manager\n").expect("a file");
    }

    /// A new one with a fixture's chain in it, leaf first.
    #[track_caller]
    pub(crate) fn with(fixture: &Fixture) -> (Self, Vec<Uuid>) {
        let sr = Self::new();
        let vdis = chain(&sr.importing(&fixture.path).run().done());
        (sr, vdis)
    }

    /// A place outside of it, on the same file system.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.parent().expect("an SR is not the root").join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The file of a VDI.
    pub(crate) fn vdi(&self, uuid: impl std::fmt::Display) -> PathBuf {
        self.root.join(format!("{uuid}.vhd"))
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.root)
    }

    /// `vhd-porter import IMAGE --sr HERE --json`, ready to be run.
    pub(crate) fn importing(&self, image: impl AsRef<std::ffi::OsStr>) -> Porter {
        Porter::new(["import", "--json", "--sr"]).arg(&self.root).arg(image)
    }

    /// The same for bytes, through standard input.
    pub(crate) fn importing_bytes(&self, bytes: Vec<u8>) -> Porter {
        self.importing("-").stdin(bytes)
    }

    /// Imports bytes; returns the VDIs, leaf first.
    #[track_caller]
    pub(crate) fn import(&self, bytes: Vec<u8>) -> Vec<Uuid> {
        chain(&self.importing_bytes(bytes).run().done())
    }

    /// `vhd-porter export --sr HERE`, ready for more words.
    pub(crate) fn exporting(&self) -> Porter {
        Porter::new(["export", "--sr"]).arg(&self.root)
    }

    /// The files of VDIs.
    pub(crate) fn files(&self, vdis: &[Uuid]) -> Vec<PathBuf> {
        vdis.iter().map(|uuid| self.vdi(uuid)).collect()
    }

    /// All names but the neighbour's.
    pub(crate) fn arrived(&self) -> Vec<String> {
        let foreign = [format!("{}.vhd", Self::NEIGHBOUR), "filelog.txt".to_owned()];
        self.snapshot().names().into_iter().filter(|name| !foreign.contains(name)).collect()
    }

    /// Holds a chain, leaf first, to every rule of the storage manager; returns the fields of its links.
    #[track_caller]
    pub(crate) fn assert_chain(&self, vdis: &[Uuid]) -> Vec<Fields> {
        let links: Vec<Fields> = vdis.iter().map(|uuid| Vhd::read(&self.vdi(uuid)).fields()).collect();
        for (index, (link, uuid)) in links.iter().zip(vdis).enumerate() {
            let meta = self.vdi(uuid).symlink_metadata().expect("a landed file");
            assert!(meta.is_file() && meta.nlink() == 1 && meta.uid() == rustix::process::getuid().as_raw());
            assert_eq!(meta.mode() & 0o7777, 0o644, "the storage manager's mode");
            assert_eq!(link.hidden, u8::from(index > 0), "link {index}: hidden");
            assert!(link.geometry <= super::disk::geometry(link.size), "link {index}: geometry");
            let Some(parent) = links.get(index + 1) else {
                assert_eq!((link.kind, link.locators.len()), (3, 0), "the base");
                continue;
            };
            let name = format!("{}.vhd", vdis[index + 1]);
            assert_eq!((link.kind, link.parent_uuid, &link.parent_name), (4, parent.uuid, &name));
            let mtime = self.vdi(vdis[index + 1]).metadata().expect("a landed file").mtime();
            let stamp = i64::from(link.parent_time) + i64::try_from(super::vhd::EPOCH).expect("small");
            assert_eq!(stamp, mtime, "link {index}: the parent's time");
            assert!(!link.locators.is_empty(), "link {index}: locators");
            for (platform, text) in &link.locators {
                let wanted = match platform.as_str() {
                    "MacX" => format!("file://./{name}"),
                    "W2ku" | "W2ru" => format!(".\\{name}"),
                    other => panic!("a locator for {other}"),
                };
                assert_eq!(*text, wanted, "link {index}: {platform}");
            }
        }
        links
    }
}

/// The VDIs that the document of an import or copy names, leaf first.
#[track_caller]
pub(crate) fn chain(run: &Run) -> Vec<Uuid> {
    let document = run.json();
    let uuid = |value: &Value| value.as_str().and_then(|t| t.parse().ok()).expect("a uuid");
    let vdis: Vec<Uuid> =
        document["chain"].as_array().expect("a chain").iter().map(|l| uuid(&l["uuid"])).collect();
    assert_eq!(uuid(&document["root"]["uuid"]), vdis[0]);
    vdis
}
