//! Single images that must not land: damaged, cut off, absurd, of the wrong kind.

use crate::support::{Disk, Fixture, Part, Refusal, Sr, Vhd, guest, gzip, now, refuse, tar_gz};

const BAD: &str = "bad-image";

/// One disk of qemu's with a file system.
fn disk() -> Vhd {
    Vhd(Fixture::ext4_single().bytes(0))
}

/// A small disk of two blocks: the first at byte 2048, the second behind it.
fn small() -> Vhd {
    Vhd(Disk::new(9, 8 << 20).block(0, 1).block(2, 2).bytes())
}

#[test]
fn a_damaged_footer_or_header_is_named() {
    let footer = format!("footer at byte {}", disk().0.len() - 512);
    let footer_sum = format!("footer at byte {}", disk().0.len() - 512 + 64);
    let row = |name: &str, image: Vhd, words: &[&str]| Refusal::of(name, image.0, BAD, words);
    let (cookie, sum) = ("wrong cookie: expected \"conectix\", found \"", "wrong checksum: expected 0x");
    refuse([
        row("footer cookie", disk().spoil(Part::Footer, 0, b"c0nectix"), &[&footer, cookie, "--repair"]),
        row("copy cookie", disk().spoil(Part::Copy, 0, b"c0nectix"), &["footer copy at byte 0", cookie]),
        row("footer sum", disk().spoil(Part::Footer, 30, b"X"), &[&footer_sum, sum, "found", "--repair"]),
        row("copy sum", disk().spoil(Part::Copy, 30, b"X"), &["footer copy at byte 64", sum, "--repair"]),
        row("header cookie", disk().spoil(Part::Header, 0, b"X"), &["header at byte 512", "\"cxsparse\""]),
        row("header sum", disk().spoil(Part::Header, 70, b"X"), &["header at byte 548", sum]),
        row(
            "both footers",
            disk().spoil(Part::Copy, 0, b"X").spoil(Part::Footer, 0, b"X"),
            &[&footer, cookie, "(and 1 more)"],
        ),
        row(
            "footers that differ",
            disk().set(Part::Copy, 68, &[7; 16]),
            &["the footer and its copy differ", "expected the copy's bytes"],
        ),
    ]);
}

#[test]
fn one_damaged_footer_is_rewritten_when_asked_for() {
    let killed = disk().spoil(Part::Footer, 0, &[0xc7; 512]);
    for bad in [killed, disk().spoil(Part::Copy, 0, &[0; 512]), disk().spoil(Part::Copy, 70, b"X")] {
        let sr = Sr::new();
        let run = sr.importing_bytes(bad.0).arg("--repair").run().done();
        assert!(run.text().contains("a damaged footer was rewritten from the good one"), "{}", run.text());
        let vdis = crate::support::chain(&run);
        sr.assert_chain(&vdis);
        assert_eq!(guest(&sr.files(&vdis)), Fixture::ext4_single().raw(0));
    }
}

#[test]
fn nothing_but_one_footer_is_ever_repaired() {
    let row = |name: &str, image: Vhd| Refusal::of(name, image.0, BAD, &["expected"]).arg("--repair");
    refuse([
        row("both footers", disk().spoil(Part::Copy, 64, b"X").spoil(Part::Footer, 64, b"X")),
        row("header", disk().spoil(Part::Header, 70, b"X")),
        row("BAT and footer", disk().set_bat(0, 0x00ff_ffff).spoil(Part::Footer, 0, b"X")),
        row("the footer is cut off", disk().cut(-512)),
        row("data is cut off", disk().cut(-(1 << 20))),
        row("a future time", disk().set_both(24, &(now() + 7200).to_be_bytes())),
        row("a hidden leaf", disk().set_both(85, &[1])),
    ]);
}

#[test]
fn a_file_that_was_cut_off_is_refused_wherever_that_was() {
    let whole = disk().0.len();
    for repair in [false, true] {
        let cuts = [100, 511, 512, 700, 1024, 1536, 1540, 2047, 2048, 2600, 1 << 20, whole / 2];
        let tail = [whole - 1, whole - 2, whole - 13, whole - 511, whole - 512, whole - 513, whole - 4096];
        // A footer that lacks its last byte says all that a whole one does: with --repair it becomes one.
        let mendable = |keep: &&usize| repair && **keep == whole - 1;
        let rows = cuts.iter().chain(&tail).filter(|keep| !mendable(keep)).map(|keep| {
            let cut = disk().cut(isize::try_from(*keep).unwrap()).0;
            let row = Refusal::of(format!("{keep} of {whole} bytes"), cut, BAD, &["expected", "found"]);
            if repair { row.arg("--repair") } else { row }
        });
        refuse(rows);
    }
}

#[test]
fn a_file_that_lacks_data_is_called_truncated() {
    // A footer where the file was cut: everything looks right but for the blocks that are not there.
    let image = small();
    let footer = image.0[..512].to_vec();
    let mut cut = image.cut(-(1 << 20)).0;
    cut.extend(&footer);
    let words = ["BAT at byte", "truncated", "block 2 to end before the footer", "get it again"];
    refuse([
        Refusal::of("cut", cut.clone(), BAD, &words),
        Refusal::of("cut, with repair", cut, BAD, &words).arg("--repair"),
    ]);
}

#[test]
fn a_time_in_the_future_is_put_down_to_the_clocks() {
    let late = now() + 3 * 3600;
    let image = disk().set_both(24, &late.to_be_bytes());
    let words = ["footer at byte", "the clocks of the two hosts differ", "no later than 20", "created 20"];
    refuse([
        Refusal::of("lone", image.0.clone(), BAD, &words),
        Refusal::of("packed", tar_gz(&[("disk.vhd", image.0)]), BAD, &words),
    ]);
    // Half an hour is forgiven, as vhd-util does.
    let sr = Sr::new();
    assert_eq!(sr.import(disk().set_both(24, &(now() + 1200).to_be_bytes()).0).len(), 1);
}

#[test]
fn an_image_of_the_wrong_kind_is_refused() {
    let fixed = Vhd(vec![7; 4 << 20]);
    let mut footer = Vhd(Disk::new(3, 4 << 20).footer()).set(Part::Copy, 60, &2u32.to_be_bytes());
    footer = footer.set(Part::Copy, 16, &[0xff; 8]);
    let fixed = [fixed.0, footer.0].concat();
    let child = Disk::new(5, 4 << 20).parent(Disk::new(6, 1).uuid).bytes();
    let raw_child = Vhd(child.clone()).set(Part::Header, 40, &[0; 16]).0;
    let wants = "expected a dynamic or differencing image, found a fixed one\nhint: `vhd-porter convert";
    refuse([
        Refusal::of("fixed", fixed.clone(), BAD, &[wants]),
        Refusal::of("fixed, packed", tar_gz(&[("disk.vhd", fixed)]), BAD, &[wants]),
        Refusal::of("child", child, BAD, &["expected a dynamic image", "parent is missing"]),
        Refusal::of("raw", raw_child, BAD, &["header at byte 552", "the parent is a raw file", "a VHD"]),
        Refusal::of("hidden", disk().set_both(85, &[1]).0, BAD, &["expected a visible leaf", "hidden one"]),
        Refusal::of("type", disk().set_both(60, &[0, 0, 0, 7]).0, BAD, &["disk type", "2, 3 or 4", "7"]),
        Refusal::of("poison", disk().set_both(0, b"v_poison").0, BAD, &["\"v_poison\"", "journal"]),
    ]);
}

#[test]
fn absurd_sizes_and_places_are_refused_before_anything_is_reserved() {
    let both = |name: &str, at: usize, value: u64, words: &[&str]| {
        Refusal::of(name, small().set_both(at, &value.to_be_bytes()).0, BAD, words)
    };
    let header = |name: &str, at: usize, value: &[u8], words: &[&str]| {
        Refusal::of(name, small().set(Part::Header, at, value).0, BAD, words)
    };
    let bat = |name: &str, block: usize, sector: u32, words: &[&str]| {
        Refusal::of(name, small().set_bat(block, sector).0, BAD, words)
    };
    refuse([
        both("no size", 48, 0, &["an impossible disk size", "2190433320960", "0 bytes"]),
        both("half a sector", 48, (4 << 20) + 256, &["whole sectors", "4194560 bytes"]),
        both("2041 GiB", 48, 2041 << 30, &["at most 2190433320960 bytes", "2191507062784"]),
        both("all ones", 48, u64::MAX, &["18446744073709551615"]),
        both("header beyond the file", 16, 1 << 40, &["wrong data offset", "expected a sector between"]),
        both("header at all ones", 16, u64::MAX, &["data offset"]),
        both("header on the copy", 16, 0, &["data offset"]),
        header("BAT beyond", 16, &(1u64 << 40).to_be_bytes(), &["header at byte 528", "impossible place"]),
        header("BAT on the header", 16, &1024u64.to_be_bytes(), &["BAT lies in an impossible place"]),
        header("BAT on no sector", 16, &1537u64.to_be_bytes(), &["BAT lies in an impossible place"]),
        header("few entries", 28, &3u32.to_be_bytes(), &["expected 4 entries", "found 3"]),
        header("endless entries", 28, &u32::MAX.to_be_bytes(), &["BAT", "expected a BAT that ends before"]),
        header("block of 0", 32, &[0; 4], &["unsupported block size"]),
        header("block of 3 MiB", 32, &(3u32 << 20).to_be_bytes(), &["unsupported block size", "3145728"]),
        header("block of 1 GiB", 32, &(1u32 << 30).to_be_bytes(), &["expected"]),
        bat("outside the file", 1, 0x00ff_ffff, &["truncated", "block 1 to end before the footer"]),
        bat("at the last sector", 1, 0xffff_fffe, &["block 1 to end before the footer"]),
        bat("twice in one place", 1, 4, &["two blocks overlap", "block 0", "block 1"]),
        bat("half in another", 1, 2000, &["two blocks overlap"]),
        bat("on the copy", 1, 0, &["a block lies inside the metadata", "found byte 0"]),
        bat("on the BAT", 1, 3, &["a block lies inside the metadata", "ends at byte 2048"]),
    ]);
}

#[test]
fn other_fields_that_vhd_util_would_refuse_are_refused() {
    let both = |name: &str, at: usize, bytes: &[u8], words: &[&str]| {
        Refusal::of(name, small().set_both(at, bytes).0, BAD, words)
    };
    refuse([
        both("features", 8, &[0; 4], &["footer at byte", "the reserved feature bit is clear"]),
        both("more features", 8, &[0, 0, 0, 6], &["unknown feature bits", "0x6"]),
        both("version", 12, &[0, 2, 0, 0], &["unknown version", "0x00020000"]),
        both("saved state", 84, &[5], &["wrong saved state", "found 5"]),
        both("hidden", 85, &[9], &["wrong hidden flag", "found 9"]),
        both("reserved", 200, &[1], &["reserved bytes are not zero"]),
        both("uuid", 68, &[0; 16], &["the uuid is null"]),
        both("creator", 28, b"tap\0\0\x01\0\x09", &["unsupported version of the creator"]),
        Refusal::of("header version", small().set(Part::Header, 24, &[0; 4]).0, BAD, &["header at byte 536"]),
    ]);
}

#[test]
fn what_is_no_image_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let kind = "bad-archive";
    let text = b"This is no image, but a letter of some length.\n".repeat(40);
    refuse([
        Refusal::of(
            "empty",
            Vec::new(),
            kind,
            &["expected a tar, tar.gz, tar.zst or VHD, found an empty stream"],
        ),
        Refusal::of("empty", Vec::new(), kind, &["found an empty stream"]).piped(),
        Refusal::of("text", text.clone(), kind, &["found bytes that start with \"This is no image\""]),
        Refusal::of("text", text.clone(), kind, &["standard input", "\"This is no image\""]).piped(),
        Refusal::of("packed text", gzip(&text), kind, &["\"This is no image\""]),
        Refusal::of(
            "packed twice",
            gzip(&tar_gz(&[("a.vhd", small().0)])),
            kind,
            &["a tar, tar.gz, tar.zst or VHD"],
        ),
        Refusal::of("zeros", vec![0; 8192], kind, &["\\x00"]),
        Refusal::named(scratch.path(), "bad-argument", &["directory"]),
        Refusal::named(scratch.path().join("nothing"), "not-found", &["opening", "nothing", "No such file"]),
        Refusal::named("file://elsewhere/image", "bad-argument", &["file://elsewhere/image"]),
        Refusal::named("gopher://host/image", "bad-argument", &["gopher"]),
    ]);
}
