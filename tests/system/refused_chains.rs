//! Chains that must not land, though each link may be sound; and names in files that must lead nowhere.

use uuid::Uuid;

use crate::support::{Disk, Fixture, Locators, Part, Refusal, Sr, Vhd, guest, now, refuse, tar};

const BAD: &str = "bad-image";
const SIZE: u64 = 4 << 20;

fn uuid(link: usize) -> Uuid {
    Disk::new(100 + link as u128, SIZE).uuid
}

/// Three links without a block: `link(0)` is the leaf, `link(2)` the base.
fn link(index: usize) -> Vhd {
    let disk = Disk::new(100 + index as u128, SIZE);
    Vhd(if index < 2 { disk.parent(uuid(index + 1)).bytes() } else { disk.bytes() })
}

/// The links as `0.vhd`, `1.vhd`, ….
fn numbered(links: impl IntoIterator<Item = Vhd>) -> Vec<u8> {
    let members = links.into_iter().enumerate().map(|(index, vhd)| (format!("{index}.vhd"), vhd.0));
    tar(&members.collect::<Vec<_>>())
}

fn named(names: &[&str]) -> Vec<u8> {
    let members = names.iter().enumerate().map(|(index, name)| (*name, link(index.min(2)).0));
    tar(&members.collect::<Vec<_>>())
}

#[test]
fn a_sequence_with_gaps_or_strays_says_which_name_was_expected() {
    let row = |names: &[&str], expected: &str| {
        let words = [&format!("expected {expected}"), &format!("found {}", names.join(", "))[..]];
        Refusal::of(names.join(" "), named(names), "bad-archive", &words)
    };
    refuse([
        row(&["0.vhd", "2.vhd"], "1.vhd"),
        row(&["1.vhd", "2.vhd"], "0.vhd"),
        row(&["0.vhd", "1.vhd", "3.vhd"], "2.vhd"),
        row(&["0.vhd", "stray.vhd"], "1.vhd"),
        row(&["snap.vhd", "base.vhd", "stray.vhd"], "2.vhd"),
        row(&["a.vhd", "b.vhd"], "0.vhd"),
        row(&["00.vhd", "01.vhd"], "0.vhd"),
        row(&["0.vhd", "1.VHD.vhd"], "1.vhd"),
    ]);
}

#[test]
fn links_in_the_wrong_order_are_refused_by_the_uuids_they_came_with() {
    let kind = "wrong disk type for this place in the chain";
    let joint = "the parent is not the next link of the chain";
    let row = |name: &str, links: [usize; 3], words: &[&str]| {
        Refusal::of(name, numbered(links.map(link)), BAD, words)
    };
    refuse([
        row("inner links swapped", [1, 0, 2], &["1.vhd: header at byte", joint, &uuid(2).to_string()]),
        row("base not last", [0, 2, 1], &["2.vhd: ", kind, "whose parent is missing"]),
        row("base first", [2, 0, 1], &[kind]),
        row("a link twice", [0, 1, 1], &[kind]),
        Refusal::of("a link missing", numbered([link(0), link(2)]), BAD, &["0.vhd: header", joint]),
        Refusal::of("no base", numbered([link(0), link(1)]), BAD, &["1.vhd", kind, "dynamic"]),
        Refusal::of("two bases", numbered([link(2), link(2)]), BAD, &["0.vhd", kind, "has a parent"]),
    ]);
}

#[test]
fn loops_are_refused() {
    let to = |from: usize, to: usize| link(from).set(Part::Header, 40, uuid(to).as_bytes());
    let twin = link(2).set_both(68, uuid(0).as_bytes());
    refuse([
        Refusal::of("two name each other", numbered([to(0, 1), to(1, 0)]), BAD, &["1.vhd", "missing"]),
        Refusal::of("three in a ring", numbered([to(0, 1), to(1, 0), link(2)]), BAD, &["1.vhd"]),
        Refusal::of("its own parent", numbered([to(0, 0), link(2)]), BAD, &["0.vhd", "runs in a loop"]),
        Refusal::of("lone, its own parent", to(0, 0).0, BAD, &["expected a dynamic image"]),
        Refusal::of("one uuid for both", numbered([to(0, 0), twin]), BAD, &["0.vhd", "runs in a loop"]),
    ]);
}

#[test]
fn one_bad_link_is_named_whichever_it_is() {
    let future = (now() + 7200).to_be_bytes();
    let with = |bad: usize, change: &dyn Fn(Vhd) -> Vhd| {
        numbered((0..3).map(|index| if index == bad { change(link(index)) } else { link(index) }))
    };
    let mut rows = Vec::new();
    for bad in 0..3 {
        let file = format!("{bad}.vhd: ");
        let mut row = |name: &str, image: Vec<u8>, words: &[&str]| {
            let words: Vec<&str> = [&[&file[..], "expected", "found"], words].concat();
            rows.push(Refusal::of(format!("{name} in {bad}"), image, BAD, &words));
        };
        row("footer", with(bad, &|v| v.spoil(Part::Footer, 0, b"X")), &["footer at byte", "wrong cookie"]);
        row("copy", with(bad, &|v| v.spoil(Part::Copy, 90, b"X")), &["footer copy at byte 64"]);
        row("header", with(bad, &|v| v.spoil(Part::Header, 90, b"X")), &["header at byte 548"]);
        row("future", with(bad, &|v| v.set_both(24, &future)), &["the clocks of the two hosts differ"]);
        row("cut", with(bad, &|v| v.cut(-700)), &[]);
        row("a byte less", with(bad, &|v| v.cut(-1)), &["footer is cut off"]);
        row("block", with(bad, &|v| v.set_bat(0, 0x0100_0000)), &["BAT", "truncated"]);
        row("fixed", with(bad, &|v| v.set_both(60, &[0, 0, 0, 2]).set_both(16, &[0xff; 8])), &[]);
        if bad < 2 {
            let raw = with(bad, &|v| v.set(Part::Header, 40, &[0; 16]));
            row("raw parent", raw, &["header at byte 552", "the parent is a raw file"]);
        }
    }
    refuse(rows);
}

#[test]
fn a_hidden_leaf_is_refused() {
    let image = numbered([link(0).set_both(85, &[1]), link(1), link(2)]);
    refuse([Refusal::of("hidden", image, BAD, &["0.vhd: footer", "expected a visible leaf", "is missing"])]);
}

#[test]
fn a_parent_larger_than_its_child_is_refused() {
    let image = numbered([
        Vhd(Disk::new(100, SIZE).parent(uuid(1)).bytes()),
        Vhd(Disk::new(101, SIZE + (2 << 20)).bytes()),
    ]);
    refuse([Refusal::of("shrunk", image, BAD, &["larger than its child", "at least 6291456", "4194304"])]);
}

#[test]
fn a_chain_leaves_room_for_a_snapshot() {
    let empty = |links: usize| {
        numbered((0..links).map(|index| {
            let disk = Disk::new(100 + index as u128, SIZE);
            Vhd(if index + 1 < links { disk.parent(uuid(index + 1)).bytes() } else { disk.bytes() })
        }))
    };
    refuse([
        Refusal::of("30", empty(30), "bad-archive", &["too deep", "expected at most 29 links", "found 30"]),
        Refusal::of("70", empty(70), "bad-archive", &["expected at most 64", "found more"]),
    ]);
    assert_eq!(Sr::new().import(empty(29)).len(), 29);
}

#[test]
fn a_child_without_room_for_a_locator_is_refused() {
    let mut leaf = Disk::new(100, SIZE).parent(uuid(1)).block(0, 1);
    leaf.locators = Locators::NoRoom;
    let image = numbered([Vhd(leaf.bytes()), Vhd(Disk::new(101, SIZE).bytes())]);
    refuse([Refusal::of("no room", image, BAD, &["0.vhd: header at byte", "no usable parent locator"])]);
}

/// Texts of locator 0 (`MacX`), 1 and 2 (Windows) of `link(0)`: behind a BAT of one sector.
const TEXT: usize = 2048;

fn rename(vhd: Vhd, name: &str) -> Vhd {
    let windows: Vec<u8> = name.replace('/', "\\").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mac = format!("file://{name}");
    let len = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let vhd = vhd.set(Part::Header, 576 + 8, &len(mac.len())).poke(TEXT, mac.as_bytes());
    let vhd = vhd.set(Part::Header, 600 + 8, &len(windows.len())).poke(TEXT + 512, &windows);
    let vhd = vhd.set(Part::Header, 624 + 8, &len(windows.len())).poke(TEXT + 1024, &windows);
    vhd.set(Part::Header, 64, &[0; 512]).set(Part::Header, 64, &big)
}

#[test]
fn whatever_parent_a_file_names_it_gets_the_link_below() {
    let at = |slot: usize, field: usize| 576 + 24 * slot + field;
    let names = ["/etc/passwd", "../../../etc/passwd", "/dev/vda", "C:/vm/base.vhd", "..", "other.vhd"];
    let mut leaves: Vec<Vhd> = names.iter().map(|name| rename(link(0), name)).collect();
    // A time that only relinking sets, texts outside the file and in each other's place, platforms of old.
    leaves.push(link(0).set(Part::Header, 56, &(now() + 90_000).to_be_bytes()));
    leaves.push(link(0).set(Part::Header, at(1, 16), &(1u64 << 50).to_be_bytes()));
    leaves.push(link(0).set(Part::Header, at(2, 16), &1536u64.to_be_bytes()));
    leaves.push(link(0).set(Part::Header, at(1, 16), &(TEXT as u64).to_be_bytes()));
    leaves.push(link(0).set(Part::Header, at(1, 0), b"Wi2k").set(Part::Header, at(2, 0), b"Mac "));
    leaves.push(link(0).set(Part::Header, at(1, 0), b"MacX").set(Part::Header, at(2, 0), b"odd!"));
    for leaf in leaves {
        let sr = Sr::new();
        let vdis = sr.import(numbered([leaf, link(1), link(2)]));
        sr.assert_chain(&vdis);
        let landed = std::fs::read(sr.vdi(vdis[0])).unwrap();
        for old in ["passwd", "vda", "C:"] {
            assert!(!landed.windows(old.len()).any(|w| w == old.as_bytes()), "{old} is still there");
        }
        assert!(!Vhd(landed).fields().locators.is_empty());
    }
}

#[test]
fn parents_of_parents_are_judged_by_the_chain_and_not_by_names_in_files() {
    // The base names a parent where a dynamic image names none.
    let base = link(2).set(Part::Header, 40, uuid(0).as_bytes());
    refuse([Refusal::of("names", numbered([link(0), link(1), base]), BAD, &["2.vhd", "names one"])]);
    let sr = Sr::new();
    let vdis = sr.import(std::fs::read(&Fixture::diff3().path).unwrap());
    assert_eq!(guest(&sr.files(&vdis)), Fixture::diff3().raw(0));
}
