//! `migration.move_vhds_into_sr`: the disks that another host sent to `/images` become VDIs.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::calls::{in_every_way, in_json};
use crate::host::{Host, xml};
use crate::repository::{Sr, content, make_chain, some_uuids};

/// What an instance left: its directory below the host's `/images`.
struct Instance {
    uuid: Uuid,
    directory: PathBuf,
}

impl Instance {
    /// Three links, a swap disk, and whatever else lies there; and the disk that they show.
    fn new(images: &Path) -> (Self, Vec<u8>) {
        let uuid = Uuid::new_v4();
        let directory = images.join(format!("instance{uuid}"));
        fs::create_dir(&directory).unwrap();
        let disk = make_chain(&directory, &["0.vhd", "1.vhd", "2.vhd"]);
        fs::write(directory.join("swap.vhd"), "not looked at").unwrap();
        fs::write(directory.join("notes.txt"), "nor this").unwrap();
        (Self { uuid, directory }, disk)
    }

    fn arguments(&self, sr: &Sr, stack: &[Uuid]) -> Vec<(&'static str, Value)> {
        vec![("instance_uuid", json!(self.uuid)), ("sr_path", json!(sr.text())), ("uuid_stack", json!(stack))]
    }

    fn document(&self, sr: &Sr, stack: &[Uuid]) -> Value {
        json!({ "args": self.arguments(sr, stack).into_iter().map(|(_, value)| value).collect::<Value>() })
    }

    /// Moves it; the uuid of its leaf is the last of `stack`.
    fn moves(&self, host: &Host, sr: &Sr, stack: &[Uuid]) {
        let result = in_json(host, "migration.py", FUNCTION, &self.document(sr, stack));
        assert_eq!(result, json!({ "root": { "uuid": stack.last() } }));
    }

    /// The class of the failure that moving it meets.
    fn fails(&self, host: &Host, sr: &Sr, stack: &[Uuid]) -> String {
        let call = xml(FUNCTION, &[("json", &self.document(sr, stack).to_string())]);
        host.failure("migration.py", call).0
    }
}

const FUNCTION: &str = "move_vhds_into_sr";

/// A host whose `/images` is `images`.
fn host_with(images: &TempDir) -> Host {
    let mut host = Host::new();
    host.set("VHD_PORTER_IMAGES", images.path());
    host
}

#[test]
fn every_client_moves_an_instance() {
    let (images, sr) = (TempDir::new().unwrap(), Sr::new());
    in_every_way(
        &host_with(&images),
        "migration",
        FUNCTION,
        || {
            let ((instance, disk), stack) = (Instance::new(images.path()), some_uuids(3));
            (instance.arguments(&sr, &stack), (instance, stack, disk))
        },
        |(instance, stack, disk), result| {
            assert_eq!(*result, json!({ "root": { "uuid": stack[2] } }));
            assert!(sr.disk(stack[2]) == disk, "another disk");
            assert!(!instance.directory.exists(), "the directory is gone");
        },
    );
}

#[test]
fn on_the_same_file_system_nothing_is_copied_that_need_not_be() {
    let (images, sr, stack) = (TempDir::new().unwrap(), Sr::new(), some_uuids(3));
    let (instance, disk) = Instance::new(images.path());
    // A name that something else has: perhaps a VDI, from a run that was killed before it removed the directory.
    let other = sr.file(Uuid::new_v4());
    fs::hard_link(instance.directory.join("1.vhd"), &other).unwrap();
    let inode = |path: &Path| path.metadata().unwrap().ino();
    let before = ["0.vhd", "1.vhd", "2.vhd"].map(|name| inode(&instance.directory.join(name)));
    let bytes = fs::read(&other).unwrap();
    instance.moves(&host_with(&images), &sr, &stack);
    assert!(sr.disk(stack[2]) == disk, "another disk");
    let after = [stack[2], stack[1], stack[0]].map(|uuid| inode(&sr.file(uuid)));
    assert_ne!(after[1], before[1], "a file with two names must be copied");
    assert!(fs::read(&other).unwrap() == bytes, "and the other one stays as it was");
    // Where storage can be shared, new files share it with the old ones; elsewhere it is those that move.
    let moved = (after[0], after[2]) == (before[0], before[2]);
    assert_eq!(moved, !shares_storage(sr.path()));
    assert_eq!(sr.content().len(), 4);
}

/// Whether the file system of `directory` lets files share storage.
fn shares_storage(directory: &Path) -> bool {
    let [one, other] = std::array::from_fn(|_| tempfile::tempfile_in(directory).unwrap());
    vhd_porter::os::reflink(&one, &other).is_ok()
}

#[test]
fn from_another_file_system_the_files_are_copied() {
    let Some(elsewhere) = another_file_system() else { return };
    let (images, sr, stack) = (TempDir::new_in(elsewhere).unwrap(), Sr::new(), some_uuids(3));
    let (instance, disk) = Instance::new(images.path());
    instance.moves(&host_with(&images), &sr, &stack);
    assert!(sr.disk(stack[2]) == disk, "another disk");
    assert!(!instance.directory.exists(), "the directory is gone");
}

/// A writable directory on another file system than that of the temporary directory.
fn another_file_system() -> Option<PathBuf> {
    let device = |path: &Path| path.metadata().ok().map(|metadata| metadata.dev());
    let here = device(&std::env::temp_dir());
    let candidates = ["/dev/shm", "/var/tmp", env!("CARGO_TARGET_TMPDIR")].map(PathBuf::from);
    let found = candidates
        .into_iter()
        .find(|path| device(path).is_some_and(|other| Some(other) != here) && TempDir::new_in(path).is_ok());
    if found.is_none() {
        println!("skipped: no second file system to write to");
    }
    found
}

#[test]
fn a_failed_move_can_be_tried_again() {
    for images in [Some(std::env::temp_dir()), another_file_system()].into_iter().flatten() {
        let (images, sr, stack) = (TempDir::new_in(images).unwrap(), Sr::new(), some_uuids(3));
        let (instance, disk) = Instance::new(images.path());
        let mut host = host_with(&images);
        let before = content(&instance.directory);
        assert_eq!(instance.fails(&host, &sr, &stack[..2]), "IndexError");
        assert_eq!(content(&instance.directory), before);
        // The tool fails in the middle of relinking.
        host.set("VHD_PORTER_VHD_UTIL", "/bin/false");
        assert_eq!(instance.fails(&host, &sr, &stack), "SubprocessException");
        assert!(instance.directory.join("0.vhd").exists(), "the directory stays until the chain is in");
        assert_eq!(
            content(&instance.directory).keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>()
        );
        assert_eq!(sr.content().len(), 0);
        host.set("VHD_PORTER_VHD_UTIL", "vhd-util");
        instance.moves(&host, &sr, &stack);
        assert!(sr.disk(stack[2]) == disk, "another disk");
        assert!(!instance.directory.exists(), "the directory is gone");
        assert_eq!(sr.content().len(), 3);
    }
}

#[test]
fn what_is_no_instance_is_refused() {
    let (images, sr, stack) = (TempDir::new().unwrap(), Sr::new(), some_uuids(3));
    let host = host_with(&images);
    let (instance, _) = Instance::new(images.path());
    let elsewhere = Instance { uuid: Uuid::new_v4(), directory: PathBuf::new() };
    assert_eq!(elsewhere.fails(&host, &sr, &stack), "OSError");
    fs::remove_file(instance.directory.join("1.vhd")).unwrap();
    assert_eq!(instance.fails(&host, &sr, &stack), "Exception");
    // A name that leaves the directory is no uuid.
    let document = json!({ "args": [format!("/../{}", instance.uuid), sr.text(), stack] });
    let call = xml(FUNCTION, &[("json", &document.to_string())]);
    assert_eq!(host.failure("migration.py", call).0, "ArgumentError");
    assert!(instance.directory.exists());
    assert_eq!(sr.content().len(), 0);
}
