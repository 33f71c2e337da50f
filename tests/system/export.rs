//! Export: what others make of the image, that nothing in the SR changes, and what is refused.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Disk, Fixture, Mount, Part, Sr, Vhd};
use crate::support::{chain, digest_program, guest, python, tar};

/// Members of the image as Python's `tarfile` finds them in a stream, and how many gzip members there are.
fn listed(image: &Path) -> Value {
    let script = "
import json, sys, tarfile, zlib
members = [[m.name, m.size, m.isreg(), m.issparse(), m.mode] for m in tarfile.open(sys.argv[1], 'r|gz')]
data, gzips = open(sys.argv[1], 'rb').read(), 0
while data:
    one = zlib.decompressobj(31)
    one.decompress(data)
    data, gzips = one.unused_data, gzips + 1
    assert one.eof
print(json.dumps({'members': members, 'gzips': gzips}))";
    let output = Command::new(python()).args(["-c", script]).arg(image).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Every reader finds the chain in the image: gzip, GNU tar, Python, and this program again.
#[track_caller]
fn assert_image(image: &Path, links: usize, disk: &(u64, String)) {
    assert!(Command::new("gzip").arg("-t").arg(image).status().unwrap().success(), "gzip -t");
    let names: Vec<String> = (0..links).map(|link| format!("{link}.vhd")).collect();
    let found = listed(image);
    assert_eq!(found["gzips"], 1);
    let members = found["members"].as_array().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let untar = Command::new("tar").arg("-xzf").arg(image).arg("-C").arg(scratch.path()).status();
    assert!(untar.unwrap().success(), "tar -xzf");
    for (member, name) in members.iter().zip(&names) {
        let size = scratch.path().join(name).metadata().unwrap().len();
        assert_eq!(*member, serde_json::json!([name, size, true, false, 0o644]));
    }
    assert_eq!(members.len(), links);
    let files: Vec<PathBuf> = names.iter().map(|name| scratch.path().join(name)).collect();
    for (index, file) in files.iter().enumerate() {
        assert_eq!(Vhd::read(file).fields().hidden, u8::from(index > 0), "the flag of {index}.vhd");
    }
    assert_eq!(guest(&files), *disk, "the disk in the image");
    let again = Sr::new();
    let vdis = chain(&again.importing(image).run().done());
    again.assert_chain(&vdis);
    assert_eq!(guest(&again.files(&vdis)), *disk, "the disk after another import");
}

#[test]
fn an_exported_chain_is_an_image_for_everybody() {
    let fixture = Fixture::ext4_chain();
    let (sr, chain) = Sr::with(fixture);
    let before = sr.snapshot();
    let image = sr.beside("named.tgz");
    let run = sr.exporting().vdis(&chain).arg("--json").arg("-o").arg(&image).run().done();
    assert_eq!(sr.snapshot(), before);
    let document = run.json();
    assert_eq!(document["bytes_written"], image.metadata().unwrap().len());
    assert_eq!(document["sha256"], digest_program("sha256sum", &image).as_str());
    assert_eq!((&document["md5"], &document["sha512"]), (&Value::Null, &Value::Null), "nobody asked");
    assert_eq!(document["virtual_size"], fixture.raw(0).0);
    assert_eq!(document["vdis"], serde_json::json!(chain));
    assert_image(&image, 3, &fixture.raw(0));
}

#[test]
fn the_leaf_alone_stands_for_its_chain() {
    let fixture = Fixture::diff3();
    let (sr, chain) = Sr::with(fixture);
    let before = sr.snapshot();
    let run = sr.exporting().vdis(&chain[..1]).args(["--chain", "--json"]).run().done();
    assert_eq!(sr.snapshot(), before);
    let image = sr.beside("piped.tgz");
    std::fs::write(&image, &run.stdout).unwrap();
    // Standard output is the image's: the document is on standard error.
    let document: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(document["sha256"], digest_program("sha256sum", &image).as_str());
    assert_eq!(document["vdis"], serde_json::json!(chain));
    assert_image(&image, 3, &fixture.raw(0));
    // An inner link may be exported as well: it is a disk of its own then.
    let inner = sr.beside("inner.tgz");
    sr.exporting().vdis(&chain[1..2]).arg("--chain").arg("-o").arg(&inner).run().done();
    assert_image(&inner, 2, &fixture.raw(1));
}

#[test]
fn levels_trade_time_for_size() {
    let (sr, chain) = Sr::with(Fixture::ext4_chain());
    let size = |level: &str| {
        let image = sr.beside(&format!("{level}.tgz"));
        sr.exporting().vdis(&chain).args(["--level", level, "-o"]).arg(&image).run().done();
        assert_eq!(listed(&image)["members"].as_array().unwrap().len(), 3);
        image.metadata().unwrap().len()
    };
    assert!(size("9") < size("1"));
    for bad in ["0", "10", "-1", "six"] {
        let run = sr.exporting().vdis(&chain).arg(format!("--level={bad}")).run();
        assert_eq!((run.status, run.stdout.len()), (2, 0), "{bad}");
    }
    for bad in ["0", "20", "-1", "store"] {
        let run = sr.exporting().vdis(&chain).args(["--compress=zstd", &format!("--level={bad}")]).run();
        assert_eq!((run.status, run.stdout.len()), (2, 0), "zstd, {bad}");
    }
    let run = sr.exporting().vdis(&chain).arg("--compress=xz").run();
    assert_eq!((run.status, run.stdout.len()), (2, 0), "{}", run.text());
}

#[test]
fn digests_are_those_that_were_asked_for() {
    let (sr, chain) = Sr::with(Fixture::diff3());
    let export = |name: &str| {
        let image = sr.beside(name);
        let digests = ["--digest", "md5", "--digest", "sha512"];
        (sr.exporting().vdis(&chain).args(digests).arg("-o").arg(&image), image)
    };
    let (run, image) = export("as JSON");
    let document = run.arg("--json").run().done().json();
    let digest = |program| Value::from(digest_program(program, &image));
    assert_eq!((&document["md5"], &document["sha512"]), (&digest("md5sum"), &digest("sha512sum")));
    assert!(document["sha256"].is_null());
    let (run, image) = export("in words");
    let words = run.run().done().text();
    let digest = |program| digest_program(program, &image);
    let lines = format!("\nmd5     {}\nsha512  {}\n", digest("md5sum"), digest("sha512sum"));
    assert!(words.contains(&lines) && !words.contains("sha256"), "{words}");
}

#[test]
fn a_disk_in_use_is_exported_with_both_footers() {
    let fixture = Fixture::ext4_single();
    let sr = Sr::new();
    let chain = sr.import(fixture.bytes(0));
    // What tapdisk leaves at the end while a disk is attached; and what lies there once it has added blocks.
    let good = std::fs::read(sr.vdi(chain[0])).unwrap();
    let killed = Vhd(good.clone()).spoil(Part::Footer, 0, &[0xc7; 512]).0;
    let disk = Disk::new(30, 8 << 20).block(0, 1).block(3, 2);
    let grown = Vhd(disk.bytes()).cut(-512).0;
    let mut content = vec![0u8; 8 << 20];
    content[..2 << 20].fill(1);
    content[6 << 20..].fill(2);
    let grown_disk = (8 << 20, crate::support::sha256(&content));
    for (state, content) in [(killed, fixture.raw(0)), (grown, grown_disk)] {
        std::fs::write(sr.vdi(chain[0]), &state).unwrap();
        let before = sr.snapshot();
        let image = sr.beside(&format!("{}.tgz", state.len()));
        sr.exporting().vdis(&chain).arg("-o").arg(&image).run().done();
        assert_eq!(sr.snapshot(), before);
        assert_image(&image, 1, &content);
    }
}

#[test]
fn a_read_only_sr_can_be_exported() {
    let Some(mount) = Mount::tmpfs("export from a read-only SR", 32 << 20) else { return };
    let sr = Sr::at(mount.path());
    let fixture = Fixture::diff3();
    let chain = chain(&sr.importing(&fixture.path).run().done());
    mount.remount("ro");
    let before = sr.snapshot();
    let scratch = tempfile::tempdir().unwrap();
    let image = scratch.path().join("image.tgz");
    sr.exporting().vdis(&chain).arg("-o").arg(&image).run().done();
    assert_eq!(sr.snapshot(), before);
    assert_image(&image, 3, &fixture.raw(0));
}

#[test]
fn every_export_of_the_same_disk_holds_the_same_files() {
    let links = Disk::chain(3, 8 << 20);
    let names = ["0.vhd", "1.vhd", "2.vhd"];
    let sr = Sr::new();
    let chain = sr.import(tar(&names.into_iter().zip(links).collect::<Vec<_>>()));
    let exported = |level: &str, threads: &str| {
        let options = ["--level", level, "--threads", threads];
        sr.exporting().vdis(&chain).args(options).run().done().stdout
    };
    let (fast, small) = (exported("1", "1"), exported("9", "3"));
    assert!(fast != small);
    // The times of the members are those of the files.
    assert!(crate::support::gunzip(&fast) == crate::support::gunzip(&small));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(exported("9", "1") == small, "at another time, by other threads");
}
