//! SRs that cannot take anything, and uuids that cannot be given.

use std::ffi::OsStr;

use crate::support::{Disk, Fixture, Mount, Porter, Refusal, Snapshot, Sr, refuse_into, tar};

const UUIDS: [&str; 3] = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
    "33333333-3333-4333-8333-333333333333",
];

fn into(sr: impl AsRef<OsStr>) -> Porter {
    Porter::new(["import", "--json", "--sr"]).arg(sr).arg(&Fixture::diff3().path)
}

#[test]
fn an_sr_that_is_missing_or_no_directory_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    std::fs::write(&file, "text").unwrap();
    let before = Snapshot::of(scratch.path());
    let missing = into(scratch.path().join("missing")).run().refused("not-found");
    assert!(missing.contains("expected the directory of an SR, found nothing"), "{missing}");
    for (path, create) in [(file.clone(), false), (file.clone(), true), (file.join("below"), true)] {
        let run = if create { into(&path).arg("--create-sr") } else { into(&path) }.run();
        let message = run.refused("bad-sr");
        assert!(message.contains("expected the directory of an SR, found something else"), "{message}");
    }
    assert_eq!(Snapshot::of(scratch.path()), before);
}

#[test]
fn a_directory_that_was_created_for_nothing_is_removed_again() {
    let scratch = tempfile::tempdir().unwrap();
    let sr = scratch.path().join("not/yet");
    let run = Porter::new(["import", "--json", "--create-sr", "--sr"]).arg(&sr).arg("-");
    run.stdin(b"text".repeat(999)).run().refused("bad-archive");
    assert_eq!(Snapshot::of(scratch.path()).names(), Vec::<String>::new());
    into(&sr).args(["--create-sr", "--dry-run"]).run().done();
    assert_eq!(Snapshot::of(scratch.path()).names(), Vec::<String>::new());
    // One that was there stays, empty as it was.
    std::fs::create_dir_all(&sr).unwrap();
    let run = Porter::new(["import", "--json", "--create-sr", "--sr"]).arg(&sr).arg("-");
    run.stdin(b"text".repeat(999)).run().refused("bad-archive");
    assert_eq!(Snapshot::of(scratch.path()).names(), ["not", "yet"]);
}

#[test]
fn a_read_only_sr_is_refused() {
    let Some(mount) = Mount::tmpfs("a read-only SR", 16 << 20) else { return };
    let sr = Sr::at(mount.path());
    mount.remount("ro");
    let before = sr.snapshot();
    let message = into(sr.root()).run().refused("bad-sr");
    assert!(message.contains("expected a writable SR, found a read-only file system"), "{message}");
    let copy = Porter::new(["copy", "--json", "--vdi", &Sr::NEIGHBOUR.to_string(), "--sr"]).arg(sr.root());
    copy.run().refused("bad-sr");
    assert_eq!(sr.snapshot(), before);
}

#[test]
fn a_full_sr_is_left_as_it_was() {
    let Some(mount) = Mount::tmpfs("a full SR", 4 << 20) else { return };
    let sr = Sr::at(mount.path());
    let before = sr.snapshot();
    let full = Disk::new(9, 16 << 20).block(0, 1).block(1, 2).block(2, 3).bytes();
    for image in [full.clone(), tar(&[("0.vhd", full)])] {
        let message = sr.importing_bytes(image).run().refused("no-space");
        assert!(message.contains("expected room for") && message.contains("bytes free"), "{message}");
        assert_eq!(sr.snapshot(), before);
    }
    assert_eq!(sr.import(Disk::new(9, 16 << 20).block(0, 1).bytes()).len(), 1, "what fits still lands");
}

#[test]
fn a_copy_that_does_not_fit_is_refused_before_it_is_made() {
    let Some(mount) = Mount::tmpfs("an SR that is more than half full", 8 << 20) else { return };
    let sr = Sr::at(mount.path());
    let large = sr.import(Disk::new(9, 16 << 20).block(0, 1).block(1, 2).bytes());
    let before = sr.snapshot();
    let copy = Porter::new(["copy", "--json"]).vdis(&large).arg("--sr").arg(sr.root());
    let message = copy.run().refused("no-space");
    assert!(message.contains("expected room for") && message.contains("bytes free"), "{message}");
    assert_eq!(sr.snapshot(), before);
}

#[test]
fn a_taken_uuid_is_refused_whatever_has_it() {
    let sr = Sr::new();
    let image = || std::fs::read(&Fixture::diff3().path).unwrap();
    let names = ["vhd", "raw", "qcow2", "cbtlog", "vhdcache", "vhd.new"].map(|e| format!("{}.{e}", UUIDS[1]));
    for name in names.into_iter().chain([format!("OLD_{}.vhd", UUIDS[1])]) {
        let path = sr.root().join(&name);
        std::fs::write(&path, "somebody's").unwrap();
        let row = Refusal::of(&name, image(), "taken", &[UUIDS[1], "taken", &name]);
        refuse_into(&sr, [UUIDS.iter().fold(row, |row, uuid| row.arg("--uuid").arg(*uuid))]);
        std::fs::remove_file(path).unwrap();
    }
    let dangling = sr.vdi(UUIDS[2]);
    std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
    let row = Refusal::of("a dangling link", image(), "taken", &[UUIDS[2], "taken"]);
    refuse_into(&sr, [UUIDS.iter().fold(row, |row, uuid| row.arg("--uuid").arg(*uuid))]);
}

#[test]
fn uuids_that_are_few_many_or_repeated_are_refused() {
    let image = || std::fs::read(&Fixture::diff3().path).unwrap();
    let with = |name: &str, uuids: &[&str], kind, words: &[&str]| {
        let row = Refusal::of(name, image(), kind, words);
        uuids.iter().fold(row, |row, uuid| row.arg("--uuid").arg(*uuid))
    };
    let neighbour = Sr::NEIGHBOUR.to_string();
    let another = neighbour.replace("cafe", "beef");
    let many = [&UUIDS[..], &[&another]].concat();
    refuse_into(
        &Sr::new(),
        [
            with("few", &UUIDS[..2], "too-few-uuids", &["expected one for each of the 3 links, found 2"]),
            with("many", &many, "bad-argument", &["too many uuids", "each of the 3 links", "found 4"]),
            with(
                "twice",
                &[UUIDS[0], UUIDS[1], UUIDS[0]],
                "bad-argument",
                &["every uuid once", UUIDS[0], "twice"],
            ),
            with("the neighbour's", &[UUIDS[0], UUIDS[1], &neighbour], "taken", &[&neighbour, "is taken"]),
        ],
    );
}

#[test]
fn a_malformed_uuid_is_a_wrong_command_line() {
    let sr = Sr::new();
    let before = sr.snapshot();
    let nil = "00000000-0000-0000-0000-000000000000";
    for bad in ["", "x", "../../../etc/passwd", "1111111111114111811111111111111", &UUIDS[0][1..], nil] {
        for json in [false, true] {
            let args = ["import", "-", "--uuid", bad, "--sr"];
            let mut porter = Porter::new(args).arg(sr.root());
            if json {
                porter = porter.arg("--json");
            }
            let run = porter.run();
            assert_eq!(run.status, 2, "{bad}");
            let said = if json { run.json()["error"]["message"].to_string() } else { run.stderr.clone() };
            assert!(said.contains("malformed uuid: expected 36 characters"), "{said}");
            assert!(!json || run.json()["error"]["kind"] == "usage", "{}", run.text());
        }
    }
    assert_eq!(sr.snapshot(), before);
}
