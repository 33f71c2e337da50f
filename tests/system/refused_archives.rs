//! Archives that must not land: what is in them beside regular files of expected names, and streams that break off.

use std::process::Command;

use tar::EntryType;

use crate::support::{Disk, Entry, Fixture, Refusal, Sr, guest, gzip, refuse, tar, tar_of_entries};

const BAD: &str = "bad-archive";

fn disk() -> Vec<u8> {
    Disk::new(9, 8 << 20).block(0, 1).bytes()
}

fn good() -> Entry {
    Entry::file("0.vhd", disk())
}

/// A sound disk, and an entry that spoils it, in both orders.
fn beside(name: &str, bad: impl Fn() -> Entry, words: &[&str]) -> [Refusal; 2] {
    let behind = tar_of_entries(&[good(), bad()]);
    let before = tar_of_entries(&[bad(), good()]);
    [behind, before].map(|bytes| Refusal::of(name, bytes, BAD, words))
}

#[test]
fn nothing_but_regular_files_gets_out_of_an_archive() {
    let special = |kind, target: &'static str, says: &str| {
        let words = ["expected regular files", "found \"1.vhd\"", says];
        beside(says, move || Entry::special(kind, "1.vhd", target), &words)
    };
    let rows = [
        special(EntryType::Symlink, "/etc/passwd", "a symbolic link"),
        special(EntryType::Link, "0.vhd", "a hard link"),
        special(EntryType::Directory, "", "a directory"),
        special(EntryType::Char, "", "a character device"),
        special(EntryType::Block, "", "a block device"),
        special(EntryType::Fifo, "", "a pipe"),
        special(EntryType::new(b'V'), "", "an entry of type 'V'"),
        special(EntryType::new(b'D'), "", "an entry of type 'D'"),
    ];
    refuse(rows.into_iter().flatten());
}

#[test]
fn names_that_lead_elsewhere_or_are_no_vhds_are_refused() {
    let names = [
        "/etc/0.vhd",
        "../1.vhd",
        "a/../1.vhd",
        "a/1.vhd",
        "./a/1.vhd",
        "..",
        "readme.txt",
        "1.vhd.gz",
        "1.VHD",
        "1\n.vhd",
        "manifest",
        "snap.vhd/",
        "1.vhd/.",
    ];
    let rows = names.iter().map(|name| {
        let shown = format!("found \"{}", name.escape_debug().to_string().trim_end_matches(['/', '.']));
        beside(name, || Entry::file(name, disk()), &["expected VHD files without directories", &shown])
    });
    refuse(rows.flatten());
    let directory = || Entry::special(EntryType::Directory, "images/", "");
    refuse(beside("a directory", directory, &["expected regular files", "\"images/\", a directory"]));
    // A tar of a directory begins with the directory itself.
    let sr = Sr::new();
    let dot = Entry::special(EntryType::Directory, "./", "");
    assert_eq!(sr.import(tar_of_entries(&[dot, Entry::file("./0.vhd", disk())])).len(), 1);
}

#[test]
fn extended_headers_do_not_lead_elsewhere_either() {
    let path = "../../../../../../etc/cron.d/0.vhd";
    let pax = |records: &[(&str, &str)]| tar_of_entries(&[Entry::pax(records), good()]);
    let mut long = Entry::special(EntryType::GNULongName, "././@LongLink", "");
    long.bytes = format!("{path}\0").into_bytes();
    let mut link = Entry::special(EntryType::GNULongLink, "././@LongLink", "");
    link.bytes = b"/etc/passwd\0".to_vec();
    let to = Entry::special(EntryType::Symlink, "1.vhd", "x");
    let sparse = ["expected regular files", "a PAX sparse file"];
    refuse([
        Refusal::of("PAX path", pax(&[("path", path)]), BAD, &["VHD files without directories", path]),
        Refusal::of("GNU long name", tar_of_entries(&[long, good()]), BAD, &["without directories", path]),
        Refusal::of("GNU long link", tar_of_entries(&[good(), link, to]), BAD, &["a symbolic link"]),
        Refusal::of("PAX sparse 0", pax(&[("GNU.sparse.size", "9"), ("GNU.sparse.map", "")]), BAD, &sparse),
        Refusal::of("PAX sparse 1", pax(&[("GNU.sparse.major", "1")]), BAD, &sparse),
    ]);
}

#[test]
fn sparse_members_of_gnu_tar_are_whole_or_refused() {
    let sr = Sr::new();
    let vdis = sr.import(Fixture::ext4_single().bytes(0));
    let tar = |format: &str| {
        let mut command = Command::new("tar");
        command.args(["-cS", &format!("--format={format}"), "-C"]).arg(sr.root());
        let output = command.arg(format!("{}.vhd", vdis[0])).output().unwrap();
        assert!(output.status.success());
        output.stdout
    };
    refuse([Refusal::of("PAX", tar("posix"), BAD, &["a PAX sparse file"])]);
    let gnu = tar("gnu");
    assert!(gnu.len() < Fixture::ext4_single().bytes(0).len(), "tar found holes");
    let again = Sr::new();
    assert_eq!(guest(&again.files(&again.import(gnu))), Fixture::ext4_single().raw(0));
}

/// A tiny archive of GNU's old sparse format that claims `size` bytes, all of them a hole but the first sector.
fn endless(size: u64) -> Vec<u8> {
    let mut entry = Entry::special(EntryType::GNUSparse, "0.vhd", "");
    entry.bytes = disk()[..512].to_vec();
    let mut bytes = tar_of_entries(&[entry]);
    bytes[386..410].copy_from_slice(b"00000000000\x0000000001000\0");
    let end = |size: u64| [&[0x80, 0, 0, 0], &size.to_be_bytes()[..]].concat();
    bytes[410..422].copy_from_slice(&end(size));
    bytes[422..434].copy_from_slice(b"00000000000\0");
    bytes[483..495].copy_from_slice(&end(size));
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes[..512].iter().map(|b| u32::from(*b)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes
}

#[test]
fn a_member_larger_than_any_vhd_is_refused_before_it_is_read() {
    let words = ["expected at most", "bytes in \"0.vhd\"", "found 1152921504606846976"];
    refuse([Refusal::of("a hole of an EiB", endless(1 << 60), BAD, &words)]);
}

#[test]
fn every_name_comes_once() {
    let twice = tar(&[("0.vhd", disk()), ("0.vhd", disk())]);
    let thrice = tar(&[("0.vhd", disk()), ("./0.vhd", disk())]);
    let words = ["duplicate member", "expected every name once", "found \"0.vhd\" again"];
    refuse([Refusal::of("twice", twice, BAD, &words), Refusal::of("in two spellings", thrice, BAD, &words)]);
}

#[test]
fn an_archive_without_a_vhd_is_refused() {
    let swap = [("swap.vhd", disk())];
    let words = ["nothing to import", "expected at least one VHD", "found no VHD"];
    refuse([
        Refusal::of("swap alone", tar(&swap), BAD, &words),
        Refusal::of("the end alone", vec![0; 1024], BAD, &["expected a tar, tar.gz, tar.zst or VHD"]),
        Refusal::of("nothing, packed", gzip(b""), BAD, &["found an empty stream"]),
        Refusal::of("an empty member", tar(&[("0.vhd", Vec::new())]), "bad-image", &["too short", "0 bytes"]),
        Refusal::of(
            "text",
            tar(&[("0.vhd", b"text".repeat(999))]),
            "bad-image",
            &["0.vhd: footer", "cookie"],
        ),
        Refusal::of("packed", tar(&[("0.vhd", gzip(&disk()))]), "bad-image", &["0.vhd: "]),
    ]);
}

#[test]
fn bytes_behind_the_image_are_refused() {
    let with = |bytes: Vec<u8>, tail: &[u8]| [bytes, tail.to_vec()].concat();
    let one = [("0.vhd", disk())];
    let words = ["expected", "found"];
    let row = |name: &str, bytes: Vec<u8>, words: &[&str]| Refusal::of(name, bytes, BAD, words);
    refuse([
        row("tar", with(tar(&one), b"more"), &["trailing bytes", "expected the end of the stream"]),
        row(
            "in gzip",
            gzip(&with(tar(&one), b"more")),
            &["trailing bytes", "expected the end of the stream"],
        ),
        row("second tar", with(tar(&one), &tar(&[("1.vhd", disk())])), &["trailing bytes"]),
        row("behind gzip", with(gzip(&tar(&one)), b"more"), &words),
        row("behind gzip of a VHD", with(gzip(&disk()), b"more"), &words),
        row("endless zeros", with(tar(&one), &vec![0; 3 << 20]), &words),
    ]);
    let sr = Sr::new();
    assert_eq!(sr.import(with(tar(&one), &[0; 9216])).len(), 1, "tar pads to its blocking factor");
}

#[test]
fn streams_that_break_off_are_refused_wherever_that_is() {
    let members = [("0.vhd", Disk::new(8, 8 << 20).bytes()), ("1.vhd", disk())];
    let (whole, second) = (tar(&members), 512 + members[0].1.len().next_multiple_of(512));
    let packed = gzip(&whole);
    let ends = whole.len() - 1024;
    let plain = [
        (300, "inside the first header"),
        (512, "behind the first header"),
        (700, "inside the first member"),
        (second, "behind the first member"),
        (second + 200, "inside the second header"),
        (second + 512 + 90_000, "inside the second member"),
        (ends - 700, "inside the last footer"),
        (ends, "without an end of the archive"),
    ];
    let (mut rows, words) = (Vec::new(), ["expected", "found"]);
    for (keep, place) in plain {
        rows.push(Refusal::of(place, whole[..keep].to_vec(), BAD, &words));
        rows.push(Refusal::of(format!("{place}, piped"), whole[..keep].to_vec(), BAD, &words).piped());
        rows.push(Refusal::of(format!("{place}, packed"), gzip(&whole[..keep]), BAD, &words));
    }
    for keep in [1, 5, 10, 11, packed.len() / 3, packed.len() - 9, packed.len() - 8, packed.len() - 1] {
        rows.push(Refusal::of(format!("{keep} bytes of gzip"), packed[..keep].to_vec(), BAD, &words));
    }
    refuse(rows);
}

#[test]
fn damaged_gzip_is_refused() {
    // Of bytes that do not repeat: else a damage may decode to what it was before.
    let packed = gzip(&tar(&[("0.vhd", Fixture::ext4_single().bytes(0))]));
    let flipped = |at: usize| {
        let mut bytes = packed.clone();
        bytes[at] ^= 0x55;
        bytes
    };
    let end = packed.len();
    let row = |name: &str, at: usize| {
        Refusal::of(name, flipped(at), BAD, &["the image is damaged: expected a sound archive", "found"])
    };
    refuse([
        row("in the middle", end / 2),
        row("checksum", end - 8),
        row("length", end - 2),
        row("method", 2),
    ]);
}
