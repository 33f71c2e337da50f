//! `inspect`: the fields of a VHD, the members of an image, for people and for scripts.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::json;

use crate::support::{Fixture, Part, Porter, Run, Vhd, gzip, tar};

const SIZE: u64 = 4 << 20;

fn run(args: &[&str], paths: &[&Path]) -> Run {
    Porter::new(["inspect"]).args(args).args(paths).run()
}

#[test]
fn inspect_shows_the_fields_of_a_vhd() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("leaf.vhd");
    let fixture = Fixture::ext4_chain();
    std::fs::write(&path, fixture.bytes(0)).unwrap();
    let document = run(&["--json"], &[&path]).done().json();
    let home = "5ca3034b-9b09-4d6e-a7f8-2f4c81d0e6b2.vhd";
    let locator =
        |slot: u8, platform: &str| json!({"slot": slot, "platform": platform, "path": format!("./{home}")});
    assert_eq!(
        document,
        json!({
            "type": "image", "kind": "differencing", "uuid": "5a4b0002-8e1d-4b33-a60c-d2975f3be003",
            "virtual_size": 41_943_040, "created": "2020-11-03T00:00:00Z", "creator": "tap 1.3",
            "geometry": document["geometry"], "hidden": false, "footer": "primary", "block_size": 2 << 20,
            "max_bat_entries": 20, "allocated_blocks": 4, "physical_size": fixture.bytes(0).len(),
            "occupied_size": path.metadata().unwrap().blocks() * 512,
            "parent_uuid": "1a6e0001-3c7b-4a22-9d5f-61b8e0f4c002", "parent_name": home,
            "locators": [locator(0, "MacX"), locator(1, "W2ku"), locator(2, "W2ru")],
        })
    );
    let text = run(&[], &[&path]).done().text();
    for word in ["differencing", "5a4b0002-8e1d-4b33-a60c-d2975f3be003", "40.0 MiB", "4 of 20", "MacX", home]
    {
        assert!(text.contains(word), "{word} in {text}");
    }
    let killed = Vhd(fixture.bytes(0)).spoil(Part::Footer, 0, &[0xc7; 512]);
    std::fs::write(&path, killed.0).unwrap();
    assert_eq!(run(&["--json"], &[&path]).done().json()["footer"], "copy");
}

#[test]
fn inspect_lists_the_members_of_an_image() {
    let fixture = Fixture::diff3();
    let document = run(&["--json"], &[&fixture.path]).done().json();
    assert_eq!((&document["type"], &document["container"]), (&json!("archive"), &json!("tar.gz")));
    assert_eq!(document["bytes"], fixture.path.metadata().unwrap().len());
    let md5 = crate::support::digest_program("md5sum", &fixture.path);
    assert_eq!(document["md5"], md5.as_str());
    for (member, (name, bytes)) in document["members"].as_array().unwrap().iter().zip(&fixture.links) {
        assert_eq!((&member["name"], &member["bytes"]), (&json!(name), &json!(bytes.len())));
        assert_eq!(member["image"]["uuid"], Vhd(bytes.clone()).fields().uuid.to_string());
    }
    let text = run(&[], &[&fixture.path]).done().text();
    for word in ["tar.gz", &md5, "0.vhd", "1.vhd", "2.vhd", "dynamic", "differencing"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    for (container, bytes) in [("vhd.gz", gzip(&fixture.bytes(2))), ("tar", tar(&fixture.named(&["0.vhd"])))]
    {
        let piped = Porter::new(["inspect", "--json", "-"]).stdin(bytes).run().done();
        assert_eq!(piped.json()["container"], container);
        assert_eq!(piped.json()["members"][0]["image"]["virtual_size"], SIZE);
    }
    let bad = Porter::new(["inspect", "--json", "-"]).stdin(b"text".to_vec()).run();
    assert!(bad.refused("bad-archive").contains("expected a tar, tar.gz, tar.zst or VHD"));
}
