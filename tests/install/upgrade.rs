//! An older version of ours is replaced, without backups of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::sha256;
use crate::tree::{MANIFEST, ORIGINALS, PLUGINS, Tree, paths};

/// What an older version left: another program, no plugin `porter`, and one that is no more, in place of
/// somebody's.
pub(crate) fn older() -> Tree {
    let tree = Tree::new();
    fs::write(tree.plugin("former"), "#!/bin/sh\n").unwrap();
    tree.run(&["install"]);
    let text = fs::read(tree.path(MANIFEST)).unwrap();
    let mut manifest: Value = serde_json::from_slice(&text).unwrap();
    let entries = manifest["entries"].as_array_mut().unwrap();
    let is = |entry: &Value, path: &str| entry["path"] == path;
    let program = entries.iter_mut().find(|entry| is(entry, "/usr/local/bin/vhd-porter-plugin")).unwrap();
    program["ours"] = json!([{ "sha256": sha256(b"older") }]);
    fs::write(tree.path("usr/local/bin/vhd-porter-plugin"), "older").unwrap();
    for name in ["porter", "porter.py"] {
        entries.retain(|entry| !is(entry, &format!("/{PLUGINS}/{name}")));
        fs::remove_file(tree.plugin(name)).unwrap();
    }
    let kept = ".former.vhd-porter-backup";
    let link = "/usr/local/bin/vhd-porter-plugin";
    entries.push(json!({ "path": format!("/{PLUGINS}/former"), "ours": [{ "link": link }], "backup": kept }));
    fs::rename(tree.plugin("former"), tree.plugin(kept)).unwrap();
    symlink(link, tree.plugin("former")).unwrap();
    fs::write(tree.path(MANIFEST), manifest.to_string()).unwrap();
    tree
}

#[test]
fn programs_are_replaced_links_come_and_go() {
    let tree = older();
    let report = tree.run(&["install"]);
    assert_eq!(paths(&report, "replace"), ["/usr/local/bin/vhd-porter-plugin"]);
    assert_eq!(paths(&report, "create"), ["porter", "porter.py"].map(|name| format!("/{PLUGINS}/{name}")));
    assert_eq!(paths(&report, "restore"), [format!("/{PLUGINS}/former")]);
    assert!(report["changes"].as_array().unwrap().iter().all(|change| change["backup"].is_null()));
    assert_eq!(fs::read_to_string(tree.plugin("former")).unwrap(), "#!/bin/sh\n");
    let report = tree.run(&["uninstall"]);
    assert_eq!(paths(&report, "restore").len(), ORIGINALS.len());
    assert!(tree.plugin("former").is_file());
}

#[test]
fn another_prefix_moves_the_links_and_forgets_nothing() {
    let tree = Tree::new();
    let before = tree.content();
    tree.run(&["install"]);
    let report = tree.run(&["install", "--prefix", "/opt/vhd-porter"]);
    assert!(paths(&report, "replace").contains(&format!("/{PLUGINS}/porter")));
    let target = fs::read_link(tree.plugin("porter")).unwrap();
    assert_eq!(target, Path::new("/opt/vhd-porter/bin/vhd-porter-plugin"));
    let report = tree.run(&["uninstall"]);
    let changes: Vec<&str> =
        report["changes"].as_array().unwrap().iter().map(|change| change["path"].as_str().unwrap()).collect();
    let is_plugin = |path: &&str| path.starts_with("/etc");
    let links = changes.iter().take_while(|path| is_plugin(path)).count();
    assert_eq!(links, changes.iter().filter(|path| is_plugin(path)).count(), "links go first: {changes:?}");
    assert_eq!(crate::tree::without_state(tree.content()), before);
}
