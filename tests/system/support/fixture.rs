//! The archives of `fixtures/`, in memory: made by qemu-img and the real vhd-util, see `fixtures/README.md`.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use super::archive::gunzip;

/// A chain of a fixture, leaf first, and what its `.json` says of it.
pub(crate) struct Fixture {
    /// The archive.
    pub(crate) path: PathBuf,
    /// Name in the archive and bytes of every link.
    pub(crate) links: Vec<(String, Vec<u8>)>,
    facts: Value,
}

impl Fixture {
    /// `snap.vhd`, `image.vhd` (hidden) and `base.vhd` (hidden, qemu's `force_size`): a 40 MiB ext4 over all three.
    pub(crate) fn ext4_chain() -> &'static Self {
        static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| Fixture::load("ext4-chain"));
        &FIXTURE
    }

    /// One `disk.vhd` of qemu's with an ext4.
    pub(crate) fn ext4_single() -> &'static Self {
        static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| Fixture::load("ext4-single"));
        &FIXTURE
    }

    /// `0.vhd` to `2.vhd`, all visible: made by the real vhd-util, with sectors of all three mixed.
    pub(crate) fn diff3() -> &'static Self {
        static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| Fixture::load("oracle/diff3-chain"));
        &FIXTURE
    }

    fn load(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let path = root.join(format!("{name}.tar.gz"));
        let json = std::fs::read(root.join(format!("{name}.json"))).expect("a fixture has a .json");
        let facts: Value = serde_json::from_slice(&json).expect("it is JSON");
        let tar = gunzip(&std::fs::read(&path).expect("a fixture has an archive"));
        let mut members = Vec::new();
        for entry in tar::Archive::new(tar.as_slice()).entries().expect("it is a tar") {
            let mut entry = entry.expect("it is whole");
            let name = entry.path().expect("a path").to_string_lossy().trim_start_matches("./").to_owned();
            let mut bytes = Vec::new();
            std::io::copy(&mut entry, &mut bytes).expect("it is whole");
            members.push((name, bytes));
        }
        let links = facts["links"].as_array().expect("links").iter().map(|link| {
            let member = members.iter().find(|(name, _)| link["name"] == name.as_str());
            member.expect("the .json describes the archive").clone()
        });
        Self { path, links: links.collect(), facts }
    }

    /// Size and SHA-256 of the disk as of a link; 0 is the leaf.
    pub(crate) fn raw(&self, link: usize) -> (u64, String) {
        let raw = &self.facts["links"][link]["raw"];
        (raw["size"].as_u64().expect("a size"), raw["sha256"].as_str().expect("a digest").to_owned())
    }

    /// The bytes of a link; 0 is the leaf.
    pub(crate) fn bytes(&self, link: usize) -> Vec<u8> {
        self.links[link].1.clone()
    }

    /// The links as members of an archive under other names, leaf first.
    pub(crate) fn named(&self, names: &[&str]) -> Vec<(String, Vec<u8>)> {
        let names = names.iter().map(|name| (*name).to_owned());
        names.zip(&self.links).map(|(name, (_, bytes))| (name, bytes.clone())).collect()
    }
}
