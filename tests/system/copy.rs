//! Copy within an SR: new names for the same disk, the originals untouched, holes kept.

use std::os::unix::fs::MetadataExt;

use uuid::Uuid;

use crate::support::{Disk, Fixture, Part, Porter, Sr, Vhd, chain, guest};

fn copying(sr: &Sr, vdis: &[Uuid]) -> Porter {
    Porter::new(["copy", "--json", "--sr"]).arg(sr.root()).vdis(vdis)
}

/// The SR holds what it held, and the copies beside it.
#[track_caller]
fn assert_only_added(sr: &Sr, before: &crate::support::Snapshot, copies: &[Uuid]) {
    let aside = tempfile::tempdir_in(sr.root().parent().unwrap()).unwrap();
    for copy in copies {
        std::fs::rename(sr.vdi(copy), aside.path().join(copy.to_string())).unwrap();
    }
    assert_eq!(sr.snapshot(), *before);
    for copy in copies {
        std::fs::rename(aside.path().join(copy.to_string()), sr.vdi(copy)).unwrap();
    }
}

#[test]
fn a_copy_is_the_same_disk_under_new_names() {
    let fixture = Fixture::ext4_chain();
    let (sr, originals) = Sr::with(fixture);
    let before = sr.snapshot();
    let given: Vec<String> = (1..=3).map(|n| format!("{n}1111111-1111-4111-8111-111111111111")).collect();
    let porter = given.iter().fold(copying(&sr, &originals), |p, uuid| p.args(["--uuid", uuid]));
    let run = porter.run().done();
    let copies = chain(&run);
    assert_eq!(copies.iter().map(Uuid::to_string).collect::<Vec<_>>(), given);
    sr.assert_chain(&copies);
    sr.assert_chain(&originals);
    assert_eq!(guest(&sr.files(&copies)), fixture.raw(0));
    assert_only_added(&sr, &before, &copies);
    // Whoever changes the copy does not change the original.
    let original = std::fs::read(sr.vdi(originals[0])).unwrap();
    std::fs::write(sr.vdi(copies[0]), "overwritten").unwrap();
    assert_eq!(std::fs::read(sr.vdi(originals[0])).unwrap(), original);
    assert_ne!(sr.vdi(copies[1]).metadata().unwrap().ino(), sr.vdi(originals[1]).metadata().unwrap().ino());
}

#[test]
fn a_parent_is_copied_to_a_disk_of_its_own() {
    let fixture = Fixture::diff3();
    let (sr, originals) = Sr::with(fixture);
    // Hidden where it is; the copy is a leaf, and gets a random uuid.
    let copies = chain(&copying(&sr, &originals[1..]).run().done());
    sr.assert_chain(&copies);
    assert_eq!(copies[0].get_version_num(), 4);
    assert_eq!(guest(&sr.files(&copies)), fixture.raw(1));
}

#[test]
fn holes_stay_holes() {
    let disk = Disk::new(7, 64 << 20);
    let disk = (0..30).fold(disk, |disk, block| disk.block(block, u8::from(block == 15)));
    let sr = Sr::new();
    let original = sr.import(disk.bytes());
    let copy = chain(&copying(&sr, &original).run().done());
    let meta = sr.vdi(copy[0]).metadata().unwrap();
    assert_eq!(meta.len(), disk.bytes().len() as u64);
    assert!(meta.blocks() * 512 < 4 << 20, "{} of {} bytes", meta.blocks() * 512, meta.len());
}

#[test]
fn a_disk_in_use_gets_its_footer_back_in_the_copy() {
    let fixture = Fixture::ext4_single();
    let sr = Sr::new();
    let vdis = sr.import(fixture.bytes(0));
    let killed = Vhd::read(&sr.vdi(vdis[0])).spoil(Part::Footer, 0, &[0xc7; 512]);
    std::fs::write(sr.vdi(vdis[0]), &killed.0).unwrap();
    let before = sr.snapshot();
    let copies = chain(&copying(&sr, &vdis).run().done());
    sr.assert_chain(&copies);
    assert_eq!(guest(&sr.files(&copies)), fixture.raw(0));
    assert_only_added(&sr, &before, &copies);
}

#[test]
fn what_cannot_be_copied_is_refused_and_nothing_changes() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let other = "91111111-1111-4111-8111-111111111111";
    let third = "92222222-2222-4222-8222-222222222222";
    let fourth = "93333333-3333-4333-8333-333333333333";
    let (leaf, neighbour) = (vdis[0].to_string(), Sr::NEIGHBOUR.to_string());
    let gone = Uuid::from_u128(77);
    let before = sr.snapshot();
    for (list, uuids, kind, words) in [
        (&[gone][..], &[][..], "not-found", "is not in"),
        (&[vdis[0], vdis[1], gone], &[], "not-found", "is not in"),
        (&vdis, &[other, third, &neighbour], "taken", "is taken"),
        (&vdis, &[&leaf, other, third], "taken", "is taken"),
        (&vdis, &[other, third, other], "bad-argument", "twice"),
        (&vdis, &[other, third], "too-few-uuids", "each of the 3 links, found 2"),
        (&vdis[1..], &[other, third, fourth], "bad-argument", "too many uuids"),
        (&vdis[..2], &[], "bad-image", "whose parent is missing"),
        (&[vdis[0], vdis[2]], &[], "bad-image", "not the next link"),
        (&[vdis[0], vdis[0], vdis[1]], &[], "bad-argument", "twice"),
    ] {
        let run = uuids.iter().fold(copying(&sr, list), |p, uuid| p.args(["--uuid", uuid])).run();
        let message = run.refused(kind);
        assert!(message.contains(words), "{words:?} in {message}");
        assert_eq!(sr.snapshot(), before);
    }
}

#[test]
fn damaged_disks_are_not_copied() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    for (word, change) in [
        ("header", (|v| v.spoil(Part::Header, 80, b"X")) as fn(Vhd) -> Vhd),
        ("truncated", |v| v.set_bat(0, 0x0100_0000)),
        ("expected", |v| v.cut(-1500)),
        ("footer", |v| v.spoil(Part::Copy, 0, b"X").spoil(Part::Footer, 0, b"X")),
    ] {
        let path = sr.vdi(vdis[1]);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, change(Vhd(good.clone())).0).unwrap();
        let before = sr.snapshot();
        let message = copying(&sr, &vdis).run().refused("bad-image");
        assert!(message.starts_with(&vdis[1].to_string()) && message.contains(word), "{message}");
        assert_eq!(sr.snapshot(), before);
        std::fs::write(&path, good).unwrap();
    }
}
