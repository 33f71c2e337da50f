//! The arrows of the design point one way: what a layer may use is written here, and the sources are held against it.
#![allow(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every layer of `src`, from the ground up, with the layers it may use.
const LAYERS: &[(&str, &[&str])] = &[
    ("os", &[]),
    ("vhd", &[]),
    ("wire", &[]),
    ("config", &["wire"]),
    ("log", &["wire"]),
    ("http", &["config", "wire"]),
    ("xenapi", &["http", "config", "wire", "os"]),
    ("boot", &["os"]),
    ("block", &["os"]),
    ("stream", &["os"]),
    ("transport", &["http", "stream", "config", "wire", "os"]),
    ("sr", &["vhd", "config", "os"]),
    ("iso", &["sr", "os"]),
    ("tool", &["vhd", "os"]),
    ("pipeline", &["transport", "http", "sr", "tool", "stream", "vhd", "os"]),
    ("status", &["pipeline", "log", "os"]),
    ("vhd_util", &["vhd", "os"]),
    ("dom0", &["config", "wire", "os"]),
    (
        "host",
        &[
            "status", "pipeline", "tool", "xenapi", "boot", "block", "iso", "dom0", "log", "config", "wire",
            "os",
        ],
    ),
    ("doctor", &["xenapi", "http", "sr", "tool", "vhd", "config", "os"]),
    ("setup", &["os"]),
    (
        "cli",
        &[
            "doctor",
            "setup",
            "status",
            "pipeline",
            "xenapi",
            "transport",
            "sr",
            "tool",
            "stream",
            "vhd",
            "log",
            "config",
            "wire",
            "os",
        ],
    ),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The layers that a source names as `crate::layer`, or `marker::layer` in the programs.
fn used(source: &str, marker: &str) -> BTreeSet<String> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code: String = code.collect::<Vec<_>>().join("\n");
    let mut layers = BTreeSet::new();
    for after in code.split(marker).skip(1) {
        // `crate::{a, b::c}` names several at once.
        let group = after.strip_prefix('{').map_or(after, |g| g.split('}').next().unwrap_or_default());
        let grouped = after.starts_with('{');
        for item in group.split(',').take(if grouped { usize::MAX } else { 1 }) {
            let is_name = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_';
            let name: String = item.trim().chars().take_while(is_name).collect();
            layers.insert(name);
        }
    }
    layers.remove("");
    layers
}

#[test]
fn every_layer_uses_only_those_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for path in sources(&root) {
        let place = path.strip_prefix(&root).unwrap();
        let top = place.components().next().unwrap().as_os_str().to_str().unwrap();
        let layer = top.trim_end_matches(".rs");
        if matches!(top, "lib.rs" | "main.rs" | "bin") {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            wrong.push(format!("{}: {layer} is no layer of the design", place.display()));
            continue;
        };
        seen.insert(layer.to_owned());
        for other in used(&std::fs::read_to_string(&path).unwrap(), "crate::") {
            if other != layer && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{}: {layer} may not use {other}", place.display()));
            }
        }
    }
    assert!(seen.len() >= 10, "the sources were not found: {seen:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_programs_use_only_the_top() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs: [(&str, &[&str]); 3] = [
        ("src/main.rs", &["cli"]),
        ("src/bin", &["vhd_util"]),
        (
            "plugins",
            &[
                "host",
                "status",
                "pipeline",
                "xenapi",
                "boot",
                "block",
                "iso",
                "dom0",
                "sr",
                "stream",
                "tool",
                "transport",
                "http",
                "config",
                "wire",
            ],
        ),
    ];
    for (place, allowed) in programs {
        let path = root.join(place);
        for source in if path.is_dir() { sources(&path) } else { vec![path] } {
            for other in used(&std::fs::read_to_string(&source).unwrap(), "vhd_porter::") {
                assert!(allowed.contains(&other.as_str()), "{} may not use {other}", source.display());
            }
        }
    }
}

#[test]
fn the_reader_of_uses_finds_groups_and_paths() {
    let source = "use crate::{os, vhd::Image};\nuse crate::sr;\nlet x = crate::tool::y(); // crate::cli";
    let expected = ["os", "sr", "tool", "vhd"].map(str::to_owned);
    assert_eq!(used(source, "crate::"), BTreeSet::from(expected));
}
