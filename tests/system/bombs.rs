//! Archives that are small and claim much: names, headers, sizes, holes, members. Each is refused or handled, in little memory
//! and before the deadline of every run.

use tar::EntryType;

use crate::support::{Disk, Entry, Refusal, Run, Sr, chain, gzip, refuse, tar, tar_gz, tar_of_entries};

const BAD: &str = "bad-archive";
/// The most that a run may have resident.
const MOST_KIB: u64 = 64 << 10;

fn disk() -> Vec<u8> {
    Disk::new(9, 8 << 20).block(0, 1).bytes()
}

#[track_caller]
fn assert_small(run: &Run) {
    assert!((1024..MOST_KIB).contains(&run.peak_kib), "{} KiB", run.peak_kib);
}

/// Overwrites bytes of the header at `at`, and makes its checksum right again.
fn patch(archive: &mut [u8], at: usize, fields: &[(usize, &[u8])]) {
    for (place, bytes) in fields {
        archive[at + place..][..bytes.len()].copy_from_slice(bytes);
    }
    archive[at + 148..at + 156].fill(b' ');
    let sum: u32 = archive[at..at + 512].iter().map(|byte| u32::from(*byte)).sum();
    archive[at + 148..at + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// One member whose size field holds these bytes.
fn sized(field: &[u8; 12]) -> Vec<u8> {
    let mut archive = tar(&[("0.vhd", disk())]);
    patch(&mut archive, 0, &[(124, field)]);
    archive
}

fn base256(number: u64) -> [u8; 12] {
    let mut field = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    field[4..].copy_from_slice(&number.to_be_bytes());
    field
}

#[test]
fn sizes_that_lie_or_wrap_are_refused() {
    let row = |name: &str, field: [u8; 12], words: &[&str]| Refusal::of(name, sized(&field), BAD, words);
    refuse([
        row("a byte more", base256(disk().len() as u64 + 1), &["0.vhd: footer"]).kind("bad-image"),
        row("a block less", base256(disk().len() as u64 - 512), &["expected a sound archive"]),
        row("more than there is", base256(16 << 20), &["cut off"]),
        row("octal to the last byte", *b"000100000000", &["cut off"]),
        row("more than a VHD has", base256((2044 << 30) + 1), &["a member is too large"]),
        row("all that 64 bits hold", base256(u64::MAX), &["a member is too large"]),
        row("negative", [0xff; 12], &["a member is too large"]),
        row("letters", *b"77x77777777\0", &["expected a sound archive"]),
        row("a sign", *b"-0000000001\0", &["expected a sound archive"]),
    ]);
    let pax = |size: &str| tar_of_entries(&[Entry::pax(&[("size", size)]), Entry::file("0.vhd", disk())]);
    refuse([
        Refusal::of("PAX, too large", pax("18446744073709551615"), BAD, &["a member is too large"]),
        Refusal::of("PAX, beyond 64 bits", pax("99999999999999999999"), BAD, &["no number"]),
        Refusal::of("PAX, negative", pax("-1"), BAD, &["no number"]),
        Refusal::of("PAX, more than there is", pax("99999999"), BAD, &["cut off"]),
    ]);
}

#[test]
fn headers_of_any_length_are_bounded() {
    let extra = |kind, bytes: Vec<u8>| {
        let mut entry = Entry::special(kind, "././@LongLink", "");
        entry.bytes = bytes;
        entry
    };
    let with = |entries: Vec<Entry>| {
        let mut entries = entries;
        entries.push(Entry::file("0.vhd", disk()));
        tar_of_entries(&entries)
    };
    let claims = |kind| {
        let mut archive = with(vec![extra(kind, b"x".to_vec())]);
        patch(&mut archive, 0, &[(124, &base256(1 << 40))]);
        archive
    };
    let (long, link, pax) = (EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader);
    let name = [vec![b'a'; 64 << 10], b".vhd\0".to_vec()].concat();
    let words = ["more than 4194304 bytes of headers"];
    let row = |name: &str, bytes: Vec<u8>, words: &[&str]| Refusal::of(name, bytes, BAD, words);
    let short = Sr::new().importing_bytes(with(vec![extra(long, name.clone())])).run().refused(BAD);
    assert!(short.len() < 1000 && short.contains("(65540 bytes)"), "{short}");
    refuse([
        row("a name of 64 KiB", with(vec![extra(long, name)]), &["VHD files without directories"]),
        row("a name of a TiB", claims(long), &words),
        row("a target of a TiB", claims(link), &words),
        row("records of a TiB", claims(pax), &words),
        row("a name of 5 MiB", with(vec![extra(long, vec![b'a'; 5 << 20])]), &words),
        row(
            "targets without end",
            with((0..90).map(|_| extra(link, vec![b'a'; 64 << 10])).collect()),
            &words,
        ),
        row(
            "two names",
            with(vec![extra(long, b"a".to_vec()), extra(long, b"b".to_vec())]),
            &["two headers"],
        ),
        row(
            "records that are none",
            with(vec![extra(pax, b"no record\n".to_vec())]),
            &["expected a sound archive"],
        ),
        row("a name of nothing", tar_of_entries(&[extra(long, b"0.vhd\0".to_vec())]), &["does not come"]),
        row(
            "global records",
            with(vec![extra(EntryType::XGlobalHeader, b"11 a=bcdef\n".to_vec())]),
            &["of type 'g'"],
        ),
    ]);
}

#[test]
fn there_is_an_end_to_members() {
    let many = |entry: &dyn Fn(usize) -> Entry| tar_of_entries(&(0..3000).map(entry).collect::<Vec<_>>());
    let words = ["too many members", "expected at most 64"];
    refuse([
        Refusal::of("files", many(&|n| Entry::file(&format!("{n}.vhd"), b"x")), BAD, &words),
        Refusal::of("directories", many(&|_| Entry::special(EntryType::Directory, "./", "")), BAD, &words),
    ]);
}

/// An archive of sparse members, each of which holds its first sector and claims `size` bytes.
fn hollow(members: usize, size: u64) -> Vec<u8> {
    let mut archive = Vec::new();
    for member in 0..members {
        let mut entry = Entry::special(EntryType::GNUSparse, &format!("{member}.vhd"), "");
        entry.bytes = disk()[..512].to_vec();
        let mut bytes = tar_of_entries(&[entry]);
        let end = base256(size);
        let map: [(usize, &[u8]); 4] =
            [(386, b"00000000000\x0000000001000\0"), (410, &end), (422, b"00000000000\0"), (483, &end)];
        patch(&mut bytes, 0, &map);
        archive.extend(&bytes[..1024]);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

#[test]
fn holes_cost_nothing() {
    let sr = Sr::new();
    let before = sr.snapshot();
    // 64 times 2044 GiB: hours, if they were read.
    let run = sr.importing_bytes(gzip(&hollow(64, 2044 << 30))).run();
    assert!(run.refused(BAD).contains("the chain is too deep"), "{}", run.text());
    assert_small(&run);
    let run = sr.importing_bytes(hollow(1, 2044 << 30)).run();
    assert!(run.refused("bad-image").contains("0.vhd: footer"), "{}", run.text());
    assert_small(&run);
    assert_eq!(sr.snapshot(), before);
}

#[test]
fn maps_of_holes_that_make_no_sense_are_refused() {
    let hollow = |fields: &[(usize, &[u8])]| {
        let mut archive = hollow(1, 1 << 20);
        patch(&mut archive, 0, fields);
        archive
    };
    let row =
        |name: &str, fields: &[(usize, &[u8])], words: &[&str]| Refusal::of(name, hollow(fields), BAD, words);
    let (order, fit) = (["out of order, or of more than there is"], ["that does not fit its size"]);
    refuse([
        row("a piece behind the end", &[(386, &base256(u64::MAX - 5))], &order),
        row("a piece of more than there is", &[(398, &base256(1 << 30))], &order),
        row("a piece of less than there is", &[(398, &base256(511))], &fit),
        row("pieces in no order", &[(410, &base256(100))], &order),
        row("another size", &[(483, &base256(5))], &fit),
        row("no number", &[(386, b"0000000000x\0")], &["expected a sound archive"]),
    ]);
    // A map that never ends: zeros are pieces of nothing.
    let mut endless = hollow(&[(482, b"\x01")]);
    endless.truncate(512);
    let mut more = [0; 512];
    more[504] = 1;
    (0..9000).for_each(|_| endless.extend(more));
    let run = Sr::new().importing_bytes(gzip(&endless)).run();
    assert!(run.refused(BAD).contains("more than 4194304 bytes of headers"), "{}", run.text());
    assert_small(&run);
}

#[test]
fn gzip_is_undone_once_and_in_all_its_members() {
    let (packed, whole) = (tar_gz(&[("0.vhd", disk())]), tar(&[("0.vhd", disk())]));
    refuse([Refusal::of("twice", gzip(&packed), BAD, &["expected a tar, tar.gz, tar.zst or VHD"])]);
    // What pigz, or cat, makes.
    for at in [100, 512, 4096, whole.len() - 1024] {
        let sr = Sr::new();
        let vdis = sr.import([gzip(&whole[..at]), gzip(&whole[at..])].concat());
        sr.assert_chain(&vdis);
    }
}

#[test]
fn modes_and_owners_of_an_archive_do_not_count() {
    let mut archive = tar(&[("0.vhd", disk())]);
    patch(&mut archive, 0, &[(100, b"0007777\0"), (108, b"0001750\0"), (116, b"0001750\0")]);
    let sr = Sr::new();
    // Mode and owner are looked at there.
    sr.assert_chain(&sr.import(archive));
}

#[test]
fn what_grows_too_much_is_stopped_while_it_grows() {
    let full = (0..48).fold(Disk::new(9, 96 << 20), |disk, block| disk.block(block, 7)).bytes();
    let zeros = (0..48).fold(Disk::new(9, 96 << 20), |disk, block| disk.block(block, 0)).bytes();
    let sr = Sr::new();
    let before = sr.snapshot();
    let limited = |image: &[u8]| sr.importing_bytes(gzip(image)).env("VHD_PORTER_SR_MAX_IMAGE", "40").run();
    let message = limited(&full).refused(BAD);
    assert!(message.contains("at most 41943040 bytes") && message.contains("sr.max_image"), "{message}");
    let run = sr.importing_bytes(gzip(&full)).env("VHD_PORTER_SR_RESERVE", "100").run();
    assert!(run.refused("no-space").contains("kept in reserve"), "{}", run.text());
    assert_eq!(sr.snapshot(), before);
    // Zeros are holes, and as many as one likes.
    sr.assert_chain(&chain(&limited(&zeros).done()));
}
