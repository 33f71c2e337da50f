//! What is refused, with what to do, before anything is changed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use vhd_porter::os::{Dir, Lock};

use crate::support::{Mount, have, skipped};
use crate::tree::{MANIFEST, PLUGINS, Tree, built, why};

/// Runs `words` on a tree that `spoil` has spoiled.
#[track_caller]
fn refuses(words: &[&str], kind: &str, parts: &[&str], spoil: impl FnOnce(&Tree)) {
    let tree = Tree::new();
    if words[0] == "uninstall" {
        tree.run(&["install"]);
    }
    spoil(&tree);
    let before = tree.content();
    let (found, message) = tree.refused(words);
    assert_eq!(found, kind, "{message}");
    assert!(parts.iter().all(|part| message.contains(part)), "{parts:?}: {message}");
    assert_eq!(tree.content(), before, "something was changed");
}

#[test]
fn what_cannot_be_kept_is_in_the_way() {
    let moved = "move it away";
    refuses(&["install"], "in-the-way", &["glance", "found a directory", moved], |tree| {
        fs::create_dir(tree.plugin("glance")).unwrap();
    });
    refuses(&["install"], "in-the-way", &["agent.py", "device, pipe or socket", moved], |tree| {
        let pipe = tree.plugin("agent.py");
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe, rustix::fs::Mode::RWXU).unwrap();
    });
    refuses(&["install"], "in-the-way", &["usr/local", "expected a directory, found a file"], |tree| {
        fs::create_dir(tree.path("usr")).unwrap();
        fs::write(tree.path("usr/local"), "").unwrap();
    });
    refuses(&["install"], "in-the-way", &["usr/local", "found a symlink"], |tree| {
        fs::create_dir(tree.path("usr")).unwrap();
        symlink("/tmp", tree.path("usr/local")).unwrap();
    });
    refuses(&["install", "--with-vhd-util"], "in-the-way", &["bin/vhd-util", "--prefix"], |tree| {
        fs::create_dir_all(tree.path("usr/local/bin")).unwrap();
        fs::write(tree.path("usr/local/bin/vhd-util"), "the host's").unwrap();
    });
}

#[test]
fn a_manifest_that_makes_no_sense_is_left_alone() {
    for words in ["install", "uninstall"] {
        for text in ["", "{}", "[1", r#"{"format": 9, "version": "9", "directories": [], "entries": []}"#] {
            refuses(&[words], "bad-manifest", &["install.json", "expected a manifest"], |tree| {
                fs::create_dir_all(tree.path(MANIFEST).parent().unwrap()).unwrap();
                fs::write(tree.path(MANIFEST), text).unwrap();
            });
        }
    }
}

#[test]
fn one_is_at_work_at_a_time() {
    for words in ["install", "uninstall"] {
        let tree = Tree::new();
        tree.run(&["install"]);
        let state = Dir::open(tree.path("var/lib/vhd-porter")).unwrap();
        let held = Lock::try_take(&state, "install.lock").unwrap().unwrap();
        assert_eq!(tree.refused(&[words]).0, "busy");
        drop(held);
        tree.run(&[words]);
    }
}

#[test]
fn where_there_is_nothing() {
    let tree = Tree::new();
    assert_eq!(tree.refused(&["uninstall"]).0, "not-found");
    let porter =
        |words: &[&str]| Command::new(built().join("vhd-porter")).args(words).arg("--json").output().unwrap();
    let (kind, message) = why(&porter(&["install", "--plugin-dir", "/nonexistent/plugins"]));
    assert!(kind == "not-found" && message.contains("is this a control domain?"), "{message}");
    let (kind, message) = why(&porter(&["install", "--root", "/nonexistent"]));
    assert!(kind == "not-found" && message.contains("/nonexistent"), "{message}");
    let relative = porter(&["install", "--prefix", "usr", "--root", "/nonexistent"]);
    assert_eq!(relative.status.code(), Some(2));
}

#[test]
fn a_program_without_its_other_half() {
    let (tree, place) = (Tree::new(), tempfile::tempdir().unwrap());
    let before = tree.content();
    let alone = place.path().join("vhd-porter");
    fs::copy(built().join("vhd-porter"), &alone).unwrap();
    let refused = || why(&tree.command_of(&alone, &["install"]).output().unwrap());
    let (kind, message) = refused();
    assert!(kind == "tool-missing" && message.contains("vhd-porter-plugin"), "{message}");
    // Another version's, and something else entirely.
    for said in [r#"{"version": "0.0.1", "plugins": []}"#, "hello"] {
        let other = place.path().join("vhd-porter-plugin");
        fs::write(&other, format!("#!/bin/sh\necho '{said}'\n")).unwrap();
        Command::new("chmod").arg("+x").arg(&other).status().unwrap();
        let (kind, message) = refused();
        assert!(
            kind == "tool-missing" && message.contains("expected the program of vhd-porter"),
            "{message}"
        );
    }
    assert_eq!(tree.content(), before);
}

#[test]
fn without_privileges_nothing_is_tried() {
    let Some(setpriv) = have("setpriv").filter(|_| rustix::process::geteuid().is_root()) else {
        return skipped("an install without privileges", "there is no setpriv, or it is not root who tests");
    };
    let tree = Tree::new();
    tree.run(&["install"]);
    // Whoever it is may go there, and look.
    for path in [built(), tree.root(), tree.root().parent().unwrap()] {
        Command::new("chmod").arg("755").arg(path).status().unwrap();
    }
    let before = tree.content();
    for words in ["install", "uninstall"] {
        let mut command = Command::new(&setpriv);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(built().join("vhd-porter"));
        command.args([words, "--json", "--root"]).arg(tree.root());
        let (kind, message) = why(&command.output().unwrap());
        assert!(kind == "privileges" && message.contains("run it as root"), "{message}");
    }
    assert_eq!(tree.content(), before);
}

#[test]
fn a_read_only_file_system_is_named() {
    let Some(mount) = Mount::tmpfs("a read-only file system", 64 << 20) else { return };
    let mut command = Command::new(built().join("vhd-porter"));
    fs::create_dir_all(mount.path().join(PLUGINS)).unwrap();
    mount.remount("ro");
    let (kind, message) =
        why(&command.args(["install", "--json", "--root"]).arg(mount.path()).output().unwrap());
    assert!(kind == "read-only" && message.contains("remount it writable"), "{message}");
    assert_eq!(fs::read_dir(mount.path().join(PLUGINS)).unwrap().count(), 0);
}

#[test]
fn a_disk_that_is_full_leaves_every_plugin_as_it_was() {
    let Some(mount) = Mount::tmpfs("a full file system", 4 << 20) else { return };
    let plugin = mount.path().join(PLUGINS).join("glance.py");
    fs::create_dir_all(plugin.parent().unwrap()).unwrap();
    fs::write(&plugin, "original").unwrap();
    let run = || {
        let mut command = Command::new(built().join("vhd-porter"));
        command.args(["install", "--json", "--root"]).arg(mount.path()).output().unwrap()
    };
    let (kind, message) = why(&run());
    assert_eq!(kind, "no-space", "{message}");
    assert_eq!(fs::read_to_string(&plugin).unwrap(), "original");
    let bin = mount.path().join("usr/local/bin");
    assert!(fs::read_dir(&bin).unwrap().next().is_none(), "something half-written is left");
    mount.remount("size=128m");
    assert!(run().status.success());
    assert!(Path::new(&plugin).is_symlink());
}
