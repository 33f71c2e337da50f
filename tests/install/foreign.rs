//! What others put in the same places, before and after: nothing of it is lost.

use std::fs;
use std::os::unix::fs::symlink;

use crate::tree::{PLUGINS, Tree, backup, paths};

#[test]
fn programs_of_others_are_kept_as_well() {
    let tree = Tree::new();
    fs::create_dir_all(tree.path("usr/local/bin")).unwrap();
    fs::write(tree.path("usr/local/bin/vhd-porter"), "my own").unwrap();
    let before = tree.content();
    let report = tree.run(&["install"]);
    let kept = backup(&report, "/usr/local/bin/vhd-porter").unwrap();
    assert_eq!(fs::read_to_string(tree.path(kept.trim_start_matches('/'))).unwrap(), "my own");
    tree.run(&["uninstall"]);
    assert_eq!(crate::tree::without_state(tree.content()), before);
}

#[test]
fn links_made_by_hand_are_ours() {
    let tree = Tree::new();
    symlink("/root/vhd-porter-plugin", tree.plugin("porter")).unwrap();
    symlink("/usr/local/bin/vhd-porter-plugin", tree.plugin("console")).unwrap();
    let report = tree.run(&["install"]);
    assert_eq!(backup(&report, &format!("/{PLUGINS}/porter")), None);
    tree.run(&["uninstall"]);
    for name in ["porter", "console"] {
        assert!(!tree.plugin(name).is_symlink(), "{name} leads nowhere");
    }
}

#[test]
fn a_plugin_that_came_since_is_kept_by_the_next_install_beside_the_first() {
    let tree = Tree::new();
    tree.run(&["install"]);
    // As when a package of os-xenapi is upgraded: it removes the name and makes it anew.
    fs::remove_file(tree.plugin("glance.py")).unwrap();
    fs::write(tree.plugin("glance.py"), "newer").unwrap();
    let report = tree.run(&["install"]);
    let path = format!("/{PLUGINS}/glance.py");
    assert_eq!(backup(&report, &path).unwrap(), format!("/{PLUGINS}/.glance.py.vhd-porter-backup.1"));
    let report = tree.run(&["uninstall"]);
    assert_eq!(fs::read_to_string(tree.plugin("glance.py")).unwrap(), "newer");
    // The first is told of, and kept.
    let first = backup(&report, &path).unwrap();
    assert!(fs::read_to_string(tree.path(&first[1..])).unwrap().contains("# glance.py"));
    // And is not lost to the next one.
    let report = tree.run(&["install"]);
    assert_ne!(backup(&report, &path).unwrap(), first);
    tree.run(&["uninstall"]);
    assert_eq!(fs::read_to_string(tree.plugin("glance.py")).unwrap(), "newer");
    assert!(tree.path(&first[1..]).exists());
}

#[test]
fn a_plugin_that_came_since_stays_when_ours_go() {
    let tree = Tree::new();
    tree.run(&["install"]);
    fs::remove_file(tree.plugin("glance.py")).unwrap();
    fs::write(tree.plugin("glance.py"), "newer").unwrap();
    fs::remove_file(tree.plugin("agent")).unwrap();
    fs::create_dir(tree.plugin("agent")).unwrap();
    fs::write(tree.path("usr/local/bin/vhd-porter"), "another program").unwrap();
    let report = tree.run(&["uninstall"]);
    let path = format!("/{PLUGINS}/glance.py");
    let mut left = paths(&report, "leave");
    left.sort();
    assert_eq!(left, [format!("/{PLUGINS}/agent"), path.clone(), "/usr/local/bin/vhd-porter".to_owned()]);
    assert_eq!(fs::read_to_string(tree.plugin("glance.py")).unwrap(), "newer");
    assert!(tree.path(&backup(&report, &path).unwrap()[1..]).exists());
    // What was removed by hand comes back all the same.
    assert!(tree.plugin("agent").is_dir() && tree.plugin("migration").is_file());
}

#[test]
fn a_link_that_was_removed_by_hand_comes_back_and_its_backup_as_well() {
    let tree = Tree::new();
    let before = tree.content();
    tree.run(&["install"]);
    fs::remove_file(tree.plugin("migration")).unwrap();
    let report = tree.run(&["install"]);
    assert_eq!(paths(&report, "create"), [format!("/{PLUGINS}/migration")]);
    fs::remove_file(tree.plugin("migration")).unwrap();
    tree.run(&["uninstall"]);
    assert_eq!(crate::tree::without_state(tree.content()), before);
}
