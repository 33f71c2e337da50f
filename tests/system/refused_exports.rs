//! Exports that are refused or fail: nothing in the SR changes, and no image is left behind.

use uuid::Uuid;

use crate::support::{Fixture, Mount, Part, Porter, Sr, Vhd};

#[test]
fn damaged_disks_are_not_exported() {
    let fixture = Fixture::diff3();
    let (sr, chain) = Sr::with(fixture);
    let changes: [(&str, &dyn Fn(Vhd) -> Vhd); 6] = [
        ("BAT", &|v| v.set_bat(0, 0x0100_0000)),
        ("two blocks overlap", &|v| {
            let first = v.u32(1536);
            v.set_bat(1, first)
        }),
        ("header at byte 548", &|v| v.spoil(Part::Header, 80, b"X")),
        ("footer", &|v| v.spoil(Part::Copy, 0, b"X").spoil(Part::Footer, 0, b"X")),
        ("truncated", &|v| v.cut(-(1 << 20))),
        ("parent is a raw file", &|v| v.set(Part::Header, 40, &[0; 16])),
    ];
    for (word, change) in changes {
        let path = sr.vdi(chain[0]);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, change(Vhd(good.clone())).0).unwrap();
        let before = sr.snapshot();
        let image = sr.beside("never.tgz");
        let run = sr.exporting().vdis(&chain).arg("--json").arg("-o").arg(&image).run();
        let message = run.refused("bad-image");
        assert!(message.starts_with(&format!("{}.vhd: ", chain[0])) && message.contains(word), "{message}");
        assert_eq!(sr.snapshot(), before);
        assert!(!image.exists());
        std::fs::write(&path, good).unwrap();
    }
}

#[test]
fn a_list_that_is_no_whole_chain_is_refused() {
    let (sr, chain) = Sr::with(Fixture::diff3());
    let [leaf, mid, base] = chain[..] else { panic!("three links") };
    let gone = Uuid::from_u128(77);
    let before = sr.snapshot();
    let image = sr.beside("never.tgz");
    for (list, flags, kind, words) in [
        (&[leaf][..], &[][..], "bad-image", "name all links, or add --chain"),
        (&[leaf, mid], &[], "bad-image", "a base at the end of the list"),
        (&[leaf, base], &[], "bad-image", "the next in the list"),
        (&[mid, leaf, base], &[], "bad-image", "expected"),
        (&[base, mid, leaf], &[], "bad-image", "expected"),
        (&[leaf, mid, base, Sr::NEIGHBOUR], &[], "bad-image", "no parent"),
        (&[leaf, mid, leaf], &[], "bad-argument", "twice"),
        (&[leaf, mid], &["--chain"], "bad-argument", "expected one, the leaf"),
        (&[gone], &[], "not-found", "is not in"),
        (&[gone], &["--chain"], "not-found", "is not in"),
        (&[leaf, gone], &[], "not-found", "00000000-0000-0000-0000-00000000004d.vhd"),
    ] {
        let run = sr.exporting().vdis(list).args(flags).arg("--json").arg("-o").arg(&image).run();
        let message = run.refused(kind);
        assert!(message.contains(words), "{words:?} in {message}");
        assert_eq!(sr.snapshot(), before);
        assert!(!image.exists());
    }
    let missing = Porter::new(["export", "--json", "--sr", "/nowhere/at/all", "-o"]).arg(&image);
    missing.vdis(&[leaf]).run().refused("not-found");
}

#[test]
fn chains_that_do_not_end_are_refused() {
    let (sr, chain) = Sr::with(Fixture::diff3());
    std::fs::rename(sr.vdi(chain[2]), sr.beside("base")).unwrap();
    let image = sr.beside("never.tgz");
    let export = || sr.exporting().vdis(&chain[..1]).args(["--chain", "--json", "-o"]).arg(&image).run();
    let message = export().refused("bad-image");
    assert!(message.contains("the parent is missing"), "{message}");
    // Two that name each other.
    let mid = Vhd::read(&sr.vdi(chain[1]));
    let name: Vec<u8> = format!("{}.vhd", chain[0]).encode_utf16().flat_map(u16::to_be_bytes).collect();
    let leaf = Vhd::read(&sr.vdi(chain[0])).fields();
    let loops = mid.set(Part::Header, 64, &name).set(Part::Header, 40, leaf.uuid.as_bytes());
    std::fs::write(sr.vdi(chain[1]), loops.0).unwrap();
    let before = sr.snapshot();
    assert!(export().refused("bad-image").contains("expected"));
    assert_eq!(sr.snapshot(), before);
    assert!(!image.exists());
}

#[test]
fn an_output_that_exists_is_never_overwritten() {
    let (sr, chain) = Sr::with(Fixture::diff3());
    let image = sr.beside("mine.tgz");
    std::fs::write(&image, "mine").unwrap();
    let before = sr.snapshot();
    let message = sr.exporting().vdis(&chain).arg("--json").arg("-o").arg(&image).run().refused("taken");
    assert!(message.contains("mine.tgz"), "{message}");
    assert_eq!(std::fs::read(&image).unwrap(), b"mine");
    let below = sr.beside("no/such/directory.tgz");
    sr.exporting().vdis(&chain).arg("--json").arg("-o").arg(&below).run().refused("not-found");
    assert_eq!(sr.snapshot(), before);
}

#[test]
fn a_failing_output_leaves_nothing() {
    let (sr, chain) = Sr::with(Fixture::ext4_chain());
    let before = sr.snapshot();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    sr.exporting().vdis(&chain).args(["--json", "-o", "/dev/full"]).run().refused("no-space");
    let run = sr.exporting().vdis(&chain).stdout_to(full()).run();
    assert!(run.status == 1 && run.stderr.contains("No space left on device"), "{}", run.stderr);
    assert_eq!(sr.snapshot(), before);
    let Some(small) = Mount::tmpfs("an image that does not fit", 64 << 10) else { return };
    let image = small.path().join("image.tgz");
    sr.exporting().vdis(&chain).arg("--json").arg("-o").arg(&image).run().refused("no-space");
    assert_eq!(std::fs::read_dir(small.path()).unwrap().count(), 0);
    assert_eq!(sr.snapshot(), before);
}
