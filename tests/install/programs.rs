//! What is there after an install, and what after an uninstall.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::Value;

use crate::tree::{MANIFEST, ORIGINALS, PLUGINS, Tree, backup, built, paths, without_state};

#[test]
fn every_plugin_has_two_links_that_lead_to_the_program() {
    let tree = Tree::new();
    let report = tree.run(&["install"]);
    let names = report["plugins"].as_array().unwrap();
    assert!(names.len() >= 15, "{names:?}");
    for name in names.iter().map(|name| name.as_str().unwrap()) {
        for link in [name.to_owned(), format!("{name}.py")] {
            let target = fs::read_link(tree.plugin(&link)).unwrap();
            assert_eq!(target, Path::new("/usr/local/bin/vhd-porter-plugin"), "{link}");
        }
    }
    for program in ["vhd-porter", "vhd-porter-plugin"] {
        let installed = tree.path("usr/local/bin").join(program);
        assert_eq!(installed.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
        assert!(fs::read(installed).unwrap() == fs::read(built().join(program)).unwrap());
    }
    for paper in [
        "man/man1/vhd-porter.1",
        "man/man1/vhd-porter-import.1",
        "bash-completion/completions/vhd-porter",
        "zsh/site-functions/_vhd-porter",
        "fish/vendor_completions.d/vhd-porter.fish",
        "doc/vhd-porter/config.example.toml",
    ] {
        let metadata = tree.path("usr/local/share").join(paper).metadata().unwrap();
        assert_eq!((metadata.mode() & 0o7777, metadata.len() > 100), (0o644, true), "{paper}");
    }
    assert!(!tree.path("usr/local/bin/vhd-util").exists());
}

#[test]
fn what_was_there_is_kept_and_comes_back_as_it_was() {
    let tree = Tree::new();
    let before = tree.content();
    let inode = |name: &str| tree.plugin(name).symlink_metadata().unwrap().ino();
    let inodes = ORIGINALS.map(inode);
    let report = tree.run(&["install"]);
    for name in ORIGINALS {
        let kept = backup(&report, &format!("/{PLUGINS}/{name}")).unwrap();
        assert_eq!(tree.content()[kept.trim_start_matches('/')], before[&format!("{PLUGINS}/{name}")]);
    }
    for name in ["dom0_pluginlib.py", "utils.py"] {
        let path = format!("{PLUGINS}/{name}");
        assert_eq!(tree.content()[&path], before[&path], "only names of ours are touched");
    }
    let report = tree.run(&["uninstall"]);
    assert_eq!(paths(&report, "restore").len(), ORIGINALS.len());
    assert_eq!(without_state(tree.content()), before);
    assert_eq!(ORIGINALS.map(inode), inodes, "they are the same files");
    assert!(!tree.path("var/lib/vhd-porter").exists());
}

#[test]
fn a_second_install_changes_nothing() {
    let tree = Tree::new();
    tree.run(&["install"]);
    let once = tree.content();
    let report = tree.run(&["install"]);
    let changes = report["changes"].as_array().unwrap();
    assert_eq!(paths(&report, "keep").len(), changes.len(), "{changes:?}");
    assert_eq!(tree.content(), once);
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let tree = Tree::new();
    let before = tree.content();
    let would = tree.run(&["install", "--dry-run"]);
    assert_eq!(tree.content(), before);
    assert_eq!(tree.run(&["install"])["changes"], would["changes"]);
    let before = tree.content();
    let would = tree.run(&["uninstall", "--dry-run"]);
    assert_eq!(tree.content(), before);
    assert_eq!(tree.run(&["uninstall"])["changes"], would["changes"]);
}

#[test]
fn a_program_that_a_package_has_put_in_place_gets_links_only() {
    let tree = Tree::new();
    let bin = tree.path("usr/bin");
    fs::create_dir_all(&bin).unwrap();
    for program in ["vhd-porter", "vhd-porter-plugin"] {
        fs::copy(built().join(program), bin.join(program)).unwrap();
    }
    let before = tree.content();
    let run = |words: &[&str]| {
        let output = tree.command_of(&bin.join("vhd-porter"), words).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let report = run(&["install", "--prefix", "/usr"]);
    let changes = report["changes"].as_array().unwrap();
    let below = format!("/{PLUGINS}/");
    assert!(changes.len() >= 30 && changes.iter().all(|c| c["path"].as_str().unwrap().starts_with(&below)));
    assert_eq!(fs::read_link(tree.plugin("porter")).unwrap(), Path::new("/usr/bin/vhd-porter-plugin"));
    run(&["uninstall"]);
    assert_eq!(without_state(tree.content()), before);
}

#[test]
fn vhd_util_comes_when_asked_for_and_stays() {
    let tree = Tree::new();
    tree.run(&["install", "--with-vhd-util"]);
    let installed = tree.path("usr/local/bin/vhd-util");
    assert!(fs::read(&installed).unwrap() == fs::read(built().join("vhd-util")).unwrap());
    // An upgrade does not leave an old one beside new programs.
    fs::write(&installed, "older").unwrap();
    let older = crate::support::sha256(b"older");
    let manifest = fs::read_to_string(tree.path(MANIFEST)).unwrap();
    let now = crate::support::sha256(&fs::read(built().join("vhd-util")).unwrap());
    fs::write(tree.path(MANIFEST), manifest.replace(&now, &older)).unwrap();
    let report = tree.run(&["install"]);
    assert_eq!(paths(&report, "replace"), ["/usr/local/bin/vhd-util"]);
    assert!(fs::read(&installed).unwrap() == fs::read(built().join("vhd-util")).unwrap());
    tree.run(&["uninstall"]);
    assert!(!installed.exists());
}
