//! What others may have put where staging areas are: it is left alone, and nothing is done to what it leads to.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::place::{Place, some_uuids};
use crate::staged::{area, everything};

/// Makes an area hostile; what it may not touch is in the second directory.
type Plant = fn(area: &Path, precious: &Path);

#[test]
fn hostile_areas_harm_nobody() {
    let plants: &[(&str, Plant, &str)] = &[
        (
            "a symlink of the area's name",
            |area, precious| {
                fs::remove_dir_all(area).unwrap();
                std::os::unix::fs::symlink(precious, area).unwrap();
            },
            "failed",
        ),
        (
            "a file of the area's name",
            |area, _| {
                fs::remove_dir_all(area).unwrap();
                fs::write(area, "a file").unwrap();
            },
            "failed",
        ),
        ("a pipe as journal", |area, _| pipe(&area.join("journal")), "failed"),
        (
            "a pipe as claim",
            |area, _| {
                fs::remove_file(area.join("claim")).unwrap();
                pipe(&area.join("claim"));
            },
            "failed",
        ),
        (
            "a directory as claim",
            |area, _| {
                fs::remove_file(area.join("claim")).unwrap();
                fs::create_dir(area.join("claim")).unwrap();
            },
            "failed",
        ),
        (
            "a symlink as claim",
            |area, precious| {
                fs::remove_file(area.join("claim")).unwrap();
                std::os::unix::fs::symlink(precious.join("file"), area.join("claim")).unwrap();
            },
            "failed",
        ),
        (
            "a journal of names elsewhere",
            |area, precious| {
                let up = format!("../../../{}/file", precious.display());
                let link = json!({ "uuid": Uuid::new_v4(), "staged": up, "inode": 1, "size": 1, "footer_uuid": null });
                let journal = json!({ "order": "leaf-first", "links": [link] });
                fs::write(area.join("journal"), format!("{journal}\n")).unwrap();
            },
            "failed",
        ),
        (
            "a journal of another version",
            |area, _| fs::write(area.join("journal"), "{\"v\":2}\n").unwrap(),
            "failed",
        ),
        (
            "an endless journal",
            |area, _| fs::write(area.join("journal"), vec![b'{'; 1 << 20]).unwrap(),
            "failed",
        ),
        (
            "an endless claim",
            |area, _| fs::write(area.join("claim"), vec![b'{'; 1 << 20]).unwrap(),
            "removed",
        ),
        (
            "links to elsewhere",
            |area, precious| {
                fs::create_dir_all(area.join("a/b")).unwrap();
                for name in ["x", "a/x", "a/b/x"] {
                    std::os::unix::fs::symlink(precious, area.join(name)).unwrap();
                }
            },
            "removed",
        ),
    ];
    for (name, plant, action) in plants {
        println!("{name}");
        let place = Place::new();
        let (archive, uuids) = (place.archive(1, 2), some_uuids(2));
        let (area, precious) = (area(&place, &[]), place.path("precious"));
        fs::create_dir(&precious).unwrap();
        fs::write(precious.join("file"), "precious").unwrap();
        plant(&area, &precious);
        place.import(&archive.path, &uuids).done();
        let outcome = place.recover(&[]);
        let recovered = &outcome.answer["recovered"];
        if *action == "failed" {
            assert_eq!(
                (outcome.status, &recovered[0]["action"]),
                (Some(1), &json!("failed")),
                "{name}: {outcome:?}"
            );
            assert!(area.symlink_metadata().is_ok(), "{name}: it is left");
        } else {
            assert_eq!(
                (outcome.status, recovered),
                (Some(0), &json!([])),
                "{name}: the import had removed it"
            );
        }
        assert_eq!(fs::read_to_string(precious.join("file")).unwrap(), "precious", "{name}");
        assert_eq!(fs::read_dir(&precious).unwrap().count(), 1, "{name}");
        if area.is_symlink() || area.is_file() {
            fs::remove_file(&area).unwrap();
        } else if area.exists() {
            fs::remove_dir_all(&area).unwrap();
        }
        place.assert_holds(&[(&uuids, &archive.sha256)]);
    }
}

fn pipe(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
}

#[test]
fn directories_of_the_python_plugins_go_only_when_told_to() {
    let place = Place::new();
    for dir in ["tmpAb3_x9", "tmpabcd_123", "tmpshort", "tmp-abcde"] {
        fs::create_dir(place.sr().join(dir)).unwrap();
        fs::write(place.sr().join(dir).join("0.vhd"), "half an image").unwrap();
    }
    fs::write(place.sr().join("tmpabc123"), "a file").unwrap();
    let found = ["tmpAb3_x9", "tmpabcd_123"].map(|name| {
        let occupied = place.sr().join(name).join("0.vhd").metadata().unwrap().blocks() * 512;
        json!({ "directory": name, "files": ["0.vhd"], "occupied_size": occupied })
    });
    let found = json!(found);
    let before = everything(place.sr());
    for words in [&[][..], &["--dry-run"], &["--dry-run", "--legacy"]] {
        let report = place.recover(words).done().answer;
        assert_eq!((&report["legacy"], &report["legacy_removed"]), (&found, &json!(false)), "{words:?}");
        assert!(everything(place.sr()) == before, "{words:?}");
    }
    let report = place.recover(&["--legacy"]).done().answer;
    assert_eq!((&report["legacy"], &report["legacy_removed"]), (&found, &json!(true)));
    assert_eq!(place.arrived(), ["tmp-abcde", "tmpabc123", "tmpshort"]);
    let keys: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["dry_run", "legacy", "legacy_removed", "recovered"]);
    assert_eq!(place.recover(&[]).done().answer["legacy"], Value::Array(Vec::new()));
}

#[test]
fn a_gate_that_was_left_open_is_removed() {
    let place = Place::new();
    fs::write(place.sr().join(".vhd-porter.gate"), "").unwrap();
    place.recover(&[]).done();
    place.assert_holds(&[]);
}
