//! `list`: the chains of an SR, for people and for scripts.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Disk, Fixture, Locators, Part, Porter, Run, Sr, Vhd};

const SIZE: u64 = 4 << 20;

fn list(sr: &Sr, args: &[&str]) -> Run {
    Porter::new(["list", "--sr"]).arg(sr.root()).args(args).run()
}

#[track_caller]
fn vdi(document: &Value, uuid: Uuid) -> Value {
    let vdis = document["vdis"].as_array().unwrap().iter();
    vdis.clone().find(|vdi| vdi["uuid"] == uuid.to_string()).unwrap_or_else(|| panic!("{document}")).clone()
}

#[test]
fn chains_are_drawn_below_their_bases() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let inspected = |args: &[&str]| Porter::new(["inspect"]).args(args).arg(sr.root()).run().done().text();
    for text in [list(&sr, &[]).done().text(), inspected(&[]), inspected(&["--sr"])] {
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| line.ends_with(&format!("  {}", vdis[2]))).unwrap();
        assert!(lines[at].contains("hidden   sound"), "{text}");
        assert!(lines[at + 1].ends_with(&format!("  └─ {}", vdis[1])), "{text}");
        assert!(lines[at + 2].ends_with(&format!("     └─ {}", vdis[0])), "{text}");
        assert!(lines[at + 2].contains("visible  sound"), "{text}");
        assert!(text.contains("4 VDIs in 2 chains:") && text.contains(" are free"), "{text}");
    }
}

#[test]
fn children_of_one_parent_are_drawn_side_by_side() {
    let sr = Sr::new();
    let base = Disk { hidden: true, ..Disk::new(0x41, SIZE) };
    let child = |name, parent: &Disk, hidden| {
        let disk = Disk::new(name, SIZE).parent(parent.uuid);
        Disk { hidden, locators: Locators::Beside, ..disk }
    };
    let (first, second) = (child(0x42, &base, true), child(0x43, &base, false));
    let grandchild = child(0x44, &first, false);
    for disk in [&base, &first, &second, &grandchild] {
        std::fs::write(sr.vdi(disk.uuid), disk.bytes()).unwrap();
    }
    let text = list(&sr, &["--vdi", &base.uuid.to_string()]).done().text();
    let drawn: Vec<&str> =
        text.lines().skip(1).take(4).map(|line| line.split("sound      ").nth(1).unwrap()).collect();
    let expected = [
        base.uuid.to_string(),
        format!("├─ {}", first.uuid),
        format!("│  └─ {}", grandchild.uuid),
        format!("└─ {}", second.uuid),
    ];
    assert_eq!(drawn, expected);
}

#[test]
fn a_document_says_all_that_is_known_of_an_sr() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let before = sr.snapshot();
    let document = list(&sr, &["--json"]).done().json();
    assert_eq!(sr.snapshot(), before, "reading changes nothing");
    assert_eq!((&document["type"], &document["sr"]), (&json!("repository"), &json!(sr.root())));
    let metadata = sr.vdi(vdis[0]).metadata().unwrap();
    assert_eq!(
        vdi(&document, vdis[0]),
        json!({
            "uuid": vdis[0], "parent": vdis[1], "kind": "differencing", "virtual_size": SIZE,
            "physical_size": metadata.len(), "occupied_size": metadata.blocks() * 512, "hidden": false,
            "depth": 2, "parent_missing": false, "garbage": false, "health": "sound", "findings": [], "more": 0,
        })
    );
    let file = |uuid| sr.vdi(uuid).metadata().unwrap();
    let occupied: u64 = vdis.iter().map(|uuid| file(*uuid).blocks() * 512).sum();
    let length: u64 = vdis.iter().map(|uuid| file(*uuid).len()).sum();
    let chain = json!({
        "base": vdis[2], "vdis": 3, "visible": 1, "links": 3, "virtual_size": SIZE, "physical_size": length,
        "occupied_size": occupied, "garbage": false, "health": "sound",
    });
    assert!(document["chains"].as_array().unwrap().contains(&chain), "{document}");
    let log = sr.root().join("filelog.txt").metadata().unwrap();
    assert_eq!(document["others"], json!({ "files": 1, "occupied_size": log.blocks() * 512 }));
    assert!(document["space"]["free"].as_u64().unwrap() <= document["space"]["total"].as_u64().unwrap());
    let totals = &document["totals"];
    assert_eq!([&totals["vdis"], &totals["hidden"], &totals["garbage"], &totals["unhealthy"]], [4, 2, 0, 0]);
}

#[test]
fn holes_take_nothing_of_what_a_file_occupies() {
    let sr = Sr::new();
    let disk = Disk::new(0x21, 64 << 20);
    let path = sr.vdi(disk.uuid);
    std::fs::write(&path, disk.head().0).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let end = 32 << 20;
    file.set_len(end).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &disk.footer(), end).unwrap();
    let found = vdi(&list(&sr, &["--json"]).done().json(), disk.uuid);
    assert_eq!(found["physical_size"], end + 512);
    assert!(found["occupied_size"].as_u64().unwrap() < 1 << 20, "{found}");
}

#[test]
fn what_is_garbage_and_what_is_unhealthy_is_said() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let write = |disk: &Disk, change: &dyn Fn(Vhd) -> Vhd| {
        std::fs::write(sr.vdi(disk.uuid), change(Vhd(disk.bytes())).0).unwrap();
        disk.uuid
    };
    let base = Disk { hidden: true, ..Disk::new(0x11, SIZE).block(0, 1) };
    let middle = Disk { hidden: true, locators: Locators::Beside, ..Disk::new(0x12, SIZE).parent(base.uuid) };
    let bad = write(&Disk::new(0x13, SIZE).block(0, 1), &|v| v.spoil(Part::Footer, 70, b"X"));
    let garbage = [write(&base, &|v| v), write(&middle, &|v| v)];
    std::fs::remove_file(sr.vdi(vdis[2])).unwrap();
    std::fs::write(sr.root().join("odd\u{1b}[2J.vhd"), "odd").unwrap();
    std::fs::create_dir(sr.root().join("tmpAb3_xY")).unwrap();
    let document = list(&sr, &["--json"]).done().json();
    for (uuid, depth) in garbage.iter().zip([0, 1]) {
        let found = vdi(&document, *uuid);
        assert_eq!((&found["garbage"], &found["health"]), (&json!(true), &json!("sound")), "{found}");
        assert_eq!(found["depth"], depth);
    }
    let bad = vdi(&document, bad);
    assert_eq!((&bad["health"], &bad["findings"][0]["rule"]), (&json!("unhealthy"), &json!("checksum")));
    assert!(bad["findings"][0]["hint"].as_str().unwrap().contains("vhd-porter repair FILE"), "{bad}");
    let orphaned = vdi(&document, vdis[1]);
    assert_eq!((&orphaned["parent_missing"], &orphaned["depth"]), (&json!(true), &json!(0)));
    assert_eq!(document["broken"][0]["file"], "odd\u{1b}[2J.vhd");
    assert_eq!(document["broken"][0]["reason"], "the file name is not a uuid");
    let totals = &document["totals"];
    assert_eq!([&totals["garbage"], &totals["unhealthy"]], [3, 3]);
    let text = list(&sr, &[]).done().text();
    for words in [
        format!("hidden   garbage    {}", base.uuid),
        format!("parent {} is missing", vdis[2]),
        "odd\u{fffd}[2J.vhd: the file name is not a uuid".to_owned(),
        "garbage: 3, which occupy".to_owned(),
        "tmpAb3_xY: like one of the Python plugins".to_owned(),
        "unhealthy: 3: see vhd-porter check".to_owned(),
    ] {
        assert!(text.contains(&words), "{words} in {text}");
    }
}

/// tapdisk takes the footer at the end away, and puts blocks there before it writes it back.
#[test]
fn a_disk_in_use_is_not_unhealthy() {
    let sr = Sr::new();
    let disk = Disk::new(0x31, SIZE).block(0, 1).block(1, 2);
    let (good, path) = (Vhd(disk.bytes()), sr.vdi(disk.uuid));
    let end = isize::try_from(good.0.len()).unwrap() - 512;
    let bitmap = usize::try_from(end).unwrap() - (2 << 20) - 512;
    let begun = good.clone().poke(bitmap, &[0; 512]);
    let written = begun.clone().poke(bitmap, &[0x80]);
    for (state, image, health) in [
        ("closed", good.clone(), "sound"),
        ("footer taken away", good.clone().spoil(Part::Footer, 0, &[0xc7; 512]), "in-use"),
        ("a block in its place", good.clone().cut(end), "in-use"),
        ("of which only the bitmap is written", begun.clone().cut(end - (2 << 20)), "in-use"),
        ("of which a sector is written", written.clone().cut(end - (2 << 20) + 512), "in-use"),
        ("of which a sector is written and lost", written.clone().cut(end - (2 << 20)), "unhealthy"),
        ("of which the bitmap is lost", begun.clone().cut(end - (2 << 20) - 512), "unhealthy"),
        ("which was full, and is cut off", good.clone().cut(end - 512), "unhealthy"),
        ("a footer that is damaged", good.clone().spoil(Part::Footer, 70, b"X"), "unhealthy"),
        ("other bytes in its place", good.clone().spoil(Part::Footer, 0, &[7; 512]), "unhealthy"),
        (
            "both footers gone",
            good.clone().spoil(Part::Footer, 0, &[0xc7; 512]).spoil(Part::Copy, 0, b"X"),
            "",
        ),
    ] {
        std::fs::write(&path, &image.0).unwrap();
        let document = list(&sr, &["--json"]).done().json();
        if health.is_empty() {
            assert_eq!(document["broken"].as_array().unwrap().len(), 1, "{state}");
            continue;
        }
        assert_eq!(vdi(&document, disk.uuid)["health"], health, "{state}");
        let check = Porter::new(["check", "--sr"]).arg(sr.root()).run();
        assert_eq!(check.status, i32::from(health == "unhealthy"), "{state}: {}", check.text());
        assert_eq!(check.text().contains("in use or left so"), health == "in-use", "{state}");
    }
}

#[test]
fn the_chains_of_some_vdis_are_picked_by_the_beginning_of_a_uuid() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let beginning = |uuid: Uuid| uuid.to_string()[..13].to_owned();
    for vdi in [vdis[0], vdis[2]] {
        let document = list(&sr, &["--json", "--vdi", &beginning(vdi)]).done().json();
        assert_eq!(document["totals"]["vdis"], 3, "{document}");
    }
    let both = list(&sr, &["--json", "--vdi", &beginning(vdis[0]), "--vdi", &Sr::NEIGHBOUR.to_string()]);
    assert_eq!(both.done().json()["totals"]["vdis"], 4);
    list(&sr, &["--json", "--vdi", &Uuid::from_u128(7).to_string()]).refused("not-found");
    Porter::new(["list", "--json", "--sr"]).arg(Path::new("none")).run().refused("not-found");
}
