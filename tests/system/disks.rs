//! One disk or chain at a time: flatten, convert, compare, map, create, snapshot, coalesce, repair, check --deep.

use std::path::{Path, PathBuf};

use crate::support::{Disk, Fixture, Part, Porter, Sr, Vhd, digest_program, guest, have, skipped};

/// An SR with the ext4 chain, its leaf first, and a place for results.
fn chain() -> (Sr, Vec<PathBuf>) {
    let (sr, vdis) = Sr::with(Fixture::ext4_chain());
    let files = sr.files(&vdis);
    (sr, files)
}

fn run(words: &[&str], paths: &[&Path]) -> crate::support::Run {
    Porter::new(words).args(paths).run()
}

#[test]
fn flattening_keeps_the_disk_and_needs_no_parent() {
    let fixture = Fixture::ext4_chain();
    let (sr, files) = chain();
    let before = sr.snapshot();
    let flat = sr.beside("flat.vhd");
    let answer = run(&["flatten", "--json", "-o"], &[&flat, &files[0]]).done().json();
    assert_eq!(
        (answer["links"].as_array().unwrap().len(), answer["virtual_size"].as_u64()),
        (3, Some(fixture.raw(0).0))
    );
    assert_eq!(guest(&[&flat]), fixture.raw(0));
    run(&["check", "--deep"], &[&flat]).done();
    assert_eq!(sr.snapshot(), before);
    // All links named, from the middle; and never over a file.
    let middle = sr.beside("middle.vhd");
    run(&["flatten", "-o"], &[&middle, &files[1], &files[2]]).done();
    assert_eq!(guest(&[&middle]), fixture.raw(1));
    let message = run(&["flatten", "--json", "-o"], &[&flat, &files[0]]).refused("taken");
    assert!(message.contains("flat.vhd exists already"), "{message}");
    match have("qemu-img") {
        Some(_) => assert_eq!(qemu_raw(&flat, &sr), fixture.raw(0).1),
        None => skipped("qemu-img on a flattened chain", "there is no qemu-img"),
    }
}

fn qemu_raw(image: &Path, sr: &Sr) -> String {
    let raw = sr.beside("qemu.raw");
    let convert = ["convert", "-f", "vpc", "-O", "raw"];
    let done = std::process::Command::new("qemu-img").args(convert).args([image, &raw]).status().unwrap();
    assert!(done.success());
    digest_program("sha256sum", &raw)
}

#[test]
fn import_and_export_flatten_on_the_way() {
    let fixture = Fixture::ext4_chain();
    let sr = Sr::new();
    let imported = sr.importing(&fixture.path).arg("--flatten").run().done();
    let vdis = crate::support::chain(&imported);
    assert_eq!(vdis.len(), 1);
    sr.assert_chain(&vdis);
    assert_eq!(guest(&sr.files(&vdis)), fixture.raw(0));

    let (from, links) = Sr::with(fixture);
    let before = from.snapshot();
    let packed = from.beside("flat.tar.gz");
    from.exporting().vdis(&links).arg("--flatten").arg("-o").arg(&packed).run().done();
    assert_eq!(from.snapshot(), before);
    let to = Sr::new();
    let vdis = crate::support::chain(&to.importing(&packed).run().done());
    assert_eq!((vdis.len(), guest(&to.files(&vdis))), (1, fixture.raw(0)));
}

#[test]
fn conversions_there_and_back_are_the_same_disk() {
    let fixture = Fixture::ext4_chain();
    let (sr, files) = chain();
    let [raw, fixed, dynamic] = ["disk.raw", "fixed.vhd", "dynamic.vhd"].map(|name| sr.beside(name));
    run(&["convert", "--to", "raw"], &[&files[0], &raw]).done();
    assert_eq!(digest_program("sha256sum", &raw), fixture.raw(0).1);
    run(&["convert", "--to", "fixed"], &[&raw, &fixed]).done();
    run(&["convert"], &[&fixed, &dynamic]).done();
    run(&["check", "--deep"], &[&fixed, &dynamic]).done();
    assert_eq!(guest(&[&dynamic]), fixture.raw(0));
    for other in [&raw, &fixed, &dynamic] {
        assert_eq!(run(&["compare", "--json"], &[&files[0], other]).done().json()["same"], true);
    }
    // Blocks without anything in them are not allocated, and zeros are holes.
    let inspected = run(&["inspect", "--json"], &[&dynamic]).done().json();
    assert_eq!(inspected["allocated_blocks"], 9);
    // What a guest wrote to look like a VHD is only taken for a disk when that is said.
    let forged = sr.beside("forged.raw");
    std::fs::write(&forged, [b"conectix".to_vec(), vec![1; 4096 - 8]].concat()).unwrap();
    run(&["convert", "--json"], &[&forged, &sr.beside("x.vhd")]).refused("bad-image");
    run(&["convert", "--raw"], &[&forged, &sr.beside("y.vhd")]).done();
}

#[test]
fn compare_names_the_first_difference() {
    let (sr, files) = chain();
    let raw = sr.beside("disk.raw");
    run(&["convert", "--to", "raw"], &[&files[0], &raw]).done();
    let mut bytes = std::fs::read(&raw).unwrap();
    for at in [5_000_000, 5_000_001, 30_000_000] {
        bytes[at] ^= 1;
    }
    std::fs::write(&raw, &bytes).unwrap();
    let different = run(&["compare", "--json"], &[&files[0], &raw]);
    assert_eq!(different.status, 1);
    let answer = different.json();
    assert_eq!(answer["first_difference"], 5_000_001 / 512 * 512);
    assert_eq!(answer["differing_sectors"], 2);
    std::fs::write(&raw, &bytes[..4096]).unwrap();
    let shorter = run(&["compare", "--json"], &[&files[0], &raw]);
    assert_eq!((shorter.status, shorter.json()["sizes"][1].as_u64()), (1, Some(4096)));
}

#[test]
fn a_map_covers_the_disk_and_is_drawn() {
    let (sr, files) = chain();
    let svg = sr.beside("map.svg");
    let map = run(&["map", "--json", "--svg"], &[&svg, &files[0]]).done().json();
    let mut end = 0;
    let mut supplied = [0; 3];
    for run in map["runs"].as_array().unwrap() {
        assert_eq!(run["start"].as_u64(), Some(end));
        end += run["length"].as_u64().unwrap();
        if let Some(link) = run["link"].as_u64() {
            supplied[usize::try_from(link).unwrap()] += run["length"].as_u64().unwrap();
        }
    }
    assert_eq!(Some(end), map["virtual_size"].as_u64());
    assert_eq!(serde_json::json!(supplied), map["supplied"]);
    let picture = std::fs::read_to_string(&svg).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(files.iter().all(|f| picture.contains(f.file_name().unwrap().to_str().unwrap())));
    let words = run(&["map"], &[&files[0]]).done().text();
    assert!(words.contains("2222") && words.contains("supplies"), "{words}");
}

#[test]
fn a_snapshot_is_coalesced_back_into_its_parent() {
    let fixture = Fixture::ext4_chain();
    let (sr, files) = chain();
    let child = sr.root().join("child.vhd");
    run(&["snapshot"], &[&files[0], &child]).done();
    run(&["check"], &[&child]).done();
    assert_eq!(guest(&[&child, &files[0], &files[1], &files[2]]), fixture.raw(0));
    // The leaf of the chain goes into its parent, which then holds the leaf's disk.
    let message = run(&["coalesce", "--json"], &[&files[2]]).refused("bad-image");
    assert!(message.contains("expected a differencing image"), "{message}");
    let sibling = sr.root().join("sibling.vhd");
    run(&["snapshot"], &[&files[1], &sibling]).done();
    let before = sr.snapshot();
    let message = run(&["coalesce", "--json"], &[&files[0]]).refused("bad-image");
    assert!(message.contains("sibling.vhd") && message.contains("its disk would change"), "{message}");
    assert_eq!(sr.snapshot(), before);
    std::fs::remove_file(&sibling).unwrap();
    let done = run(&["coalesce", "--json"], &[&files[0]]).done().json();
    assert!(done["sectors"].as_u64() > Some(0));
    assert_eq!(guest(&[&files[1], &files[2]]), fixture.raw(0));
    run(&["check", "--deep"], &[&files[1], &files[2]]).done();
    // Done again, it changes nothing.
    let bytes = std::fs::read(&files[1]).unwrap();
    run(&["coalesce"], &[&files[0]]).done();
    assert!(std::fs::read(&files[1]).unwrap() == bytes);
}

#[test]
fn parents_are_found_beside_the_leaf_and_nowhere_else() {
    let (sr, files) = chain();
    let elsewhere = tempfile::tempdir().unwrap();
    let leaf = elsewhere.path().join("leaf.vhd");
    std::fs::copy(&files[0], &leaf).unwrap();
    let message = run(&["flatten", "--json", "-o"], &[&sr.beside("a.vhd"), &leaf]).refused("bad-image");
    assert!(message.contains("expected the parent beside the image"), "{message}");
    // A file of the parent's name that is another image is no parent.
    std::fs::copy(&files[2], elsewhere.path().join(files[1].file_name().unwrap())).unwrap();
    let message = run(&["flatten", "--json", "-o"], &[&sr.beside("b.vhd"), &leaf]).refused("bad-image");
    assert!(message.contains("not the next link"), "{message}");
}

#[test]
fn new_disks_are_sound_and_never_replace_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let [dynamic, fixed] = ["dynamic.vhd", "fixed.vhd"].map(|name| dir.path().join(name));
    run(&["create", "--size", "2040G"], &[&dynamic]).done();
    run(&["create", "--fixed", "--size", "3M"], &[&fixed]).done();
    run(&["check", "--deep"], &[&dynamic, &fixed]).done();
    assert_eq!(std::fs::metadata(&fixed).unwrap().len(), (4 << 20) + 512);
    run(&["create", "--json", "--size", "1M"], &[&fixed]).refused("taken");
    run(&["create", "--json", "--size", "2041G"], &[&dir.path().join("x.vhd")]).refused("bad-argument");
    assert_eq!(run(&["create", "--size", "1Q"], &[&dir.path().join("x.vhd")]).status, 2);
}

#[test]
fn repair_mends_one_footer_and_says_what_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("disk.vhd");
    let disk = Vhd(Disk::new(5, 8 << 20).block(1, 7).bytes());
    std::fs::write(&path, &disk.0).unwrap();
    assert_eq!(run(&["repair", "--json"], &[&path]).done().json()["changed"], false);
    let damaged = Vhd(disk.0.clone()).spoil(Part::Footer, 64, b"XXXX");
    std::fs::write(&path, &damaged.0).unwrap();
    assert_eq!(run(&["repair", "--json"], &[&path]).done().json()["changed"], true);
    assert!(std::fs::read(&path).unwrap() == disk.0);
    let future = Vhd(disk.0.clone()).set_both(24, &u32::MAX.to_be_bytes());
    std::fs::write(&path, &future.0).unwrap();
    assert_eq!(run(&["repair"], &[&path]).status, 1);
}
