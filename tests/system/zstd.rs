//! zstd both ways: what others pack is imported, what is packed others read, and a damaged frame does not land.

use std::path::Path;
use std::process::Command;

use crate::support::{Fixture, Porter, Refusal, Sr};
use crate::support::{chain, guest, have, refuse, skipped, tar, zstd};

/// What a program that has to work prints.
#[track_caller]
fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The container that `inspect` finds.
fn container(image: &Path) -> String {
    let document = Porter::new(["inspect", "--json"]).arg(image).run().done().json();
    document["container"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_exported_as_zstd_comes_back_and_others_read_it() {
    let fixture = Fixture::ext4_chain();
    let (sr, vdis) = Sr::with(fixture);
    let before = sr.snapshot();
    for level in [&[][..], &["--level", "1"], &["--level", "19"]] {
        let image = sr.beside(&format!("{}.image", level.concat()));
        let export = sr.exporting().vdis(&vdis).args(["--compress", "zstd"]).args(level);
        export.arg("-o").arg(&image).run().done();
        assert_eq!(sr.snapshot(), before);
        assert_eq!(container(&image), "tar.zst");
        let again = Sr::new();
        let landed = chain(&again.importing(&image).run().done());
        again.assert_chain(&landed);
        assert_eq!(guest(&again.files(&landed)), fixture.raw(0));
        let Some(program) = have("zstd") else {
            skipped("reading an export with zstd and tar", "there is no zstd");
            continue;
        };
        output(Command::new(program).arg("-tq").arg(&image));
        let names = output(Command::new("tar").args(["--zstd", "-tf"]).arg(&image));
        assert_eq!(String::from_utf8(names).unwrap(), "0.vhd\n1.vhd\n2.vhd\n");
    }
}

#[test]
fn what_zstd_packs_is_imported_whatever_the_level_and_the_frames() {
    let Some(program) = have("zstd") else { return skipped("images that zstd packs", "there is no zstd") };
    let fixture = Fixture::ext4_single();
    let archive = tar(&[("disk.vhd", fixture.bytes(0))]);
    let (first, rest) = archive.split_at(archive.len() / 3);
    let scratch = tempfile::tempdir().unwrap();
    let packed_by = |program: &Path, bytes: &[u8], options: &[&str]| {
        let path = scratch.path().join("in");
        std::fs::write(&path, bytes).unwrap();
        output(Command::new(program).args(["-qc"]).args(options).arg(&path))
    };
    let packed = |bytes: &[u8], options: &[&str]| packed_by(&program, bytes, options);
    let mut images = vec![
        ("fast", packed(&archive, &["--fast=5"]), "tar.zst"),
        ("small", packed(&archive, &["-19"]), "tar.zst"),
        ("without a checksum", packed(&archive, &["--no-check"]), "tar.zst"),
        ("two frames", [packed(first, &[]), packed(rest, &["-1"])].concat(), "tar.zst"),
        ("a disk", packed(&fixture.bytes(0), &[]), "vhd.zst"),
    ];
    match have("pzstd") {
        Some(pzstd) => images.push(("by pzstd", packed_by(&pzstd, &archive, &[]), "tar.zst")),
        None => skipped("images that pzstd packs", "there is no pzstd"),
    }
    for (what, bytes, found) in images {
        let image = scratch.path().join("image");
        std::fs::write(&image, &bytes).unwrap();
        assert_eq!(container(&image), found, "{what}");
        for piped in [false, true] {
            let sr = Sr::new();
            let import = if piped { sr.importing_bytes(bytes.clone()) } else { sr.importing(&image) };
            let landed = chain(&import.run().done());
            sr.assert_chain(&landed);
            assert_eq!(guest(&sr.files(&landed)), fixture.raw(0), "{what}");
        }
    }
    // A window that would take 128 MiB.
    let wide = packed(&vec![7; 130 << 20], &["--long=27", "--no-content-size"]);
    refuse([Refusal::of("a wide window", wide, "bad-archive", &["memory"])]);
}

#[test]
fn a_frame_that_breaks_off_or_is_damaged_is_refused() {
    let packed = zstd(&tar(&[("0.vhd", Fixture::ext4_single().bytes(0))]));
    let end = packed.len();
    let row = |name: String, bytes: Vec<u8>, words: &[&str]| Refusal::of(name, bytes, "bad-archive", words);
    let mut rows = Vec::new();
    for keep in [4, 5, 9, 1000, end / 3, end - 5, end - 4, end - 1] {
        let cut = || row(format!("{keep} bytes of {end}"), packed[..keep].to_vec(), &["cut off"]);
        rows.extend([cut(), cut().piped()]);
    }
    for at in [4, 5, 6, 1000, end / 2, end - 5, end - 1] {
        let mut bytes = packed.clone();
        bytes[at] ^= 0x55;
        rows.push(row(format!("a wrong byte at {at}"), bytes, &["expected", "found"]));
    }
    rows.push(row("no frame".to_owned(), packed[..3].to_vec(), &["expected a tar, tar.gz, tar.zst or VHD"]));
    rows.push(row("nothing in it".to_owned(), zstd(b""), &["found an empty stream"]));
    rows.push(row("text behind it".to_owned(), [&packed[..], b"text"].concat(), &["expected", "found"]));
    let more = [&packed[..], &zstd(b"text")].concat();
    rows.push(row("a frame behind it".to_owned(), more, &["trailing bytes"]));
    refuse(rows);
}
