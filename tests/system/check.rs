//! `check`: every finding, exit codes, and the shapes that scripts rely on.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Disk, Fixture, Part, Porter, Run, Sr, Vhd, now};

const SIZE: u64 = 4 << 20;

fn run(command: &str, args: &[&str], paths: &[&Path]) -> Run {
    Porter::new([command]).args(args).args(paths).run()
}

/// Rules (as `part: rule`) that `check --json` finds broken in a file.
#[track_caller]
fn findings(path: &Path) -> Vec<String> {
    let run = run("check", &["--json"], &[path]);
    let document = run.json();
    assert_eq!(document["files"][0]["file"], path.to_str().unwrap());
    assert_eq!(document["checked"], 1);
    let rules = rules(&document["files"][0]);
    assert_eq!(
        (document["findings"].as_u64(), run.status),
        (Some(rules.len() as u64), i32::from(!rules.is_empty()))
    );
    rules
}

fn rules(file: &Value) -> Vec<String> {
    let findings = file["findings"].as_array().unwrap().iter();
    let rule = |f: &Value| {
        assert!(f["offset"].is_u64() && f["expected"].is_string() && f["found"].is_string(), "{f}");
        format!("{}: {}", f["part"].as_str().unwrap(), f["rule"].as_str().unwrap())
    };
    findings.map(rule).collect()
}

#[test]
fn every_broken_rule_is_found_and_not_only_the_first() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disk.vhd");
    let good = || Vhd(Disk::new(9, 8 << 20).block(0, 1).block(2, 2).bytes());
    let check = |image: Vhd| {
        std::fs::write(&path, image.0).unwrap();
        findings(&path)
    };
    assert_eq!(check(good()), Vec::<String>::new());
    let bad = good()
        .set_both(8, &[0; 4])
        .set_both(24, &(now() + 7200).to_be_bytes())
        .set_both(85, &[3])
        .set(Part::Header, 24, &[0; 4])
        .set_bat(1, 4)
        .set_bat(3, 0x0100_0000);
    let both = ["reserved-feature", "future-time", "hidden"];
    let footers =
        ["footer", "footer copy"].iter().flat_map(|part| both.map(|rule| format!("{part}: {rule}")));
    let others = ["header: version", "BAT: block-past-end", "BAT: block-overlap"].map(str::to_owned);
    assert_eq!(check(bad), footers.chain(others).collect::<Vec<_>>());
    assert_eq!(check(good().spoil(Part::Footer, 0, b"X")), ["footer: cookie"]);
    assert_eq!(check(good().spoil(Part::Copy, 70, b"X")), ["footer copy: checksum"]);
    assert_eq!(check(good().set(Part::Copy, 70, b"X")), ["footer: footers-differ"]);
    assert_eq!(check(good().spoil(Part::Header, 0, b"X")), ["header: cookie"]);
    assert_eq!(check(good().set(Part::Header, 64, b"\0p")), ["header: not-differencing"]);
    assert_eq!(check(good().cut(100)), ["file: too-short"]);
    assert!(check(good().cut(-(1 << 20))).contains(&"BAT: block-past-end".to_owned()));
}

#[test]
fn a_child_is_checked_by_itself() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("child.vhd");
    let child = Vhd(Disk::new(9, SIZE).parent(Disk::new(8, SIZE).uuid).block(0, 1).bytes());
    std::fs::write(&path, &child.0).unwrap();
    assert_eq!(findings(&path), Vec::<String>::new());
    let late = child.clone().set(Part::Header, 56, &(now() + 7200).to_be_bytes());
    std::fs::write(&path, &late.0).unwrap();
    assert_eq!(findings(&path), ["header: future-time"]);
    // Header and locators have to name the same file.
    std::fs::write(&path, child.poke(2048, b"file://./odd.vhd").0).unwrap();
    assert_eq!(findings(&path), ["parent locator 0: locator-name"]);
}

#[test]
fn words_and_exit_codes_of_check() {
    let scratch = tempfile::tempdir().unwrap();
    let [good, bad] = ["good.vhd", "bad.vhd"].map(|name| scratch.path().join(name));
    let image = Vhd(Disk::new(9, SIZE).bytes());
    std::fs::write(&good, &image.0).unwrap();
    std::fs::write(&bad, image.spoil(Part::Footer, 0, b"X").0).unwrap();
    let fine = run("check", &[], &[&good]).done();
    assert_eq!((fine.text(), fine.stderr.as_str()), (format!("{}: sound\n", good.display()), ""));
    let both = run("check", &[], &[&good, &bad]);
    assert_eq!(both.status, 1);
    let line = format!("{}: footer at byte 2048: wrong cookie: expected \"conectix\", found", bad.display());
    assert!(both.text().contains("good.vhd: sound\n") && both.text().contains(&line), "{}", both.text());
    let missing = run("check", &["--json"], &[&scratch.path().join("none.vhd")]);
    assert!(missing.refused("not-found").contains("none.vhd"));
    run("check", &["--json", "--sr"], &[&scratch.path().join("none")]).refused("not-found");
    run("check", &["--json", "--sr"], &[&good]).refused("bad-sr");
    for usage in [&[][..], &["--sr"]] {
        assert_eq!(run("check", usage, &[]).status, 2);
        assert_eq!(run("inspect", usage, &[]).status, 2);
    }
    assert_eq!(run("check", &["--sr"], &[scratch.path(), &good]).status, 2);
}

#[test]
fn an_sr_is_checked_file_by_file_and_as_chains() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let check = |sr: &Sr| {
        let before = sr.snapshot();
        let run = run("check", &["--json", "--sr"], &[sr.root()]);
        assert_eq!(sr.snapshot(), before, "checking changes nothing");
        let files = run.json()["files"].as_array().unwrap().clone();
        assert_eq!(run.json()["checked"], files.len());
        let bad: Vec<_> = files
            .iter()
            .filter(|f| f["findings"] != json!([]))
            .map(|file| (file["file"].as_str().unwrap().to_owned(), rules(file)))
            .collect();
        assert_eq!(run.status, i32::from(!bad.is_empty()));
        bad
    };
    assert_eq!(check(&sr), []);
    let found = |name: &dyn std::fmt::Display, rules: &[&str]| {
        vec![(format!("{name}.vhd"), rules.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>())]
    };
    let good: Vec<Vec<u8>> = vdis.iter().map(|uuid| std::fs::read(sr.vdi(uuid)).unwrap()).collect();
    let with = |index: usize, change: &dyn Fn(Vhd) -> Vhd| {
        std::fs::write(sr.vdi(vdis[index]), change(Vhd(good[index].clone())).0).unwrap();
        let bad = check(&sr);
        std::fs::write(sr.vdi(vdis[index]), &good[index]).unwrap();
        bad
    };
    assert_eq!(with(0, &|v| v.set_both(85, &[1])), found(&vdis[0], &["chain: orphan"]));
    assert_eq!(with(1, &|v| v.set_both(85, &[0])), found(&vdis[1], &["chain: hidden"]));
    assert_eq!(with(2, &|v| v.set_both(68, &[9; 16])), found(&vdis[1], &["chain: parent-uuid"]));
    assert_eq!(with(0, &|v| v.set(Part::Header, 40, &[0; 16]))[0].1[0], "header: raw-parent");
    let escape = |v: Vhd| {
        let at = usize::try_from(v.u64(512 + 576 + 16)).unwrap();
        v.poke(at, b"file:////")
    };
    assert_eq!(with(0, &escape)[0].1, ["parent locator 0: locator-escapes"]);
    // Files of other names, other kinds, and without their parent.
    std::fs::write(sr.root().join("0.vhd"), Disk::new(9, SIZE).bytes()).unwrap();
    std::fs::write(sr.root().join("ignored.raw"), "raw").unwrap();
    assert_eq!(check(&sr), found(&"0", &["file: file-name"]));
    std::fs::remove_file(sr.root().join("0.vhd")).unwrap();
    std::fs::create_dir(sr.root().join("dir.vhd")).unwrap();
    assert_eq!(check(&sr)[0].0, "dir.vhd");
    std::fs::remove_dir(sr.root().join("dir.vhd")).unwrap();
    std::fs::remove_file(sr.vdi(vdis[2])).unwrap();
    assert_eq!(check(&sr), found(&vdis[1], &["chain: parent-missing"]));
}

#[test]
fn fixed_disks_do_not_belong_into_an_sr() {
    let sr = Sr::new();
    let footer = Vhd(Disk::new(3, SIZE).footer()).set(Part::Copy, 60, &2u32.to_be_bytes());
    let footer = footer.set(Part::Copy, 16, &[0xff; 8]);
    let path = sr.vdi("11111111-1111-4111-8111-111111111111");
    std::fs::write(&path, [vec![7; 4 << 20], footer.0].concat()).unwrap();
    assert_eq!(findings(&path), Vec::<String>::new(), "it is sound by itself");
    let in_sr = run("check", &["--json", "--sr"], &[sr.root()]);
    assert_eq!((in_sr.status, rules(&in_sr.json()["files"][0])), (1, vec!["footer: fixed-disk".to_owned()]));
}
