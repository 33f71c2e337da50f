//! The verdicts of `fixtures/oracle`: what is sound passes, what is not is found.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use vhd_porter::vhd::{self, Memory, Scope, VhdTime};

use crate::fixtures;
use crate::images::NOW;

#[test]
fn findings_agree_with_the_verdicts() {
    let index = fixtures::json("oracle/index.json");
    let now = UNIX_EPOCH + Duration::from_secs(index["now"].as_u64().unwrap());
    let cases = index["cases"].as_object().unwrap();
    let mut left: BTreeMap<String, &Value> = BTreeMap::new();
    for (name, case) in cases {
        let leaf = case["leaf"].as_str().unwrap();
        let leaves = case["leaves"]
            .as_array()
            .map_or(vec![leaf], |many| many.iter().map(|leaf| leaf.as_str().unwrap()).collect());
        left.extend(leaves.into_iter().map(|leaf| (format!("{name}/{leaf}"), case)));
    }
    let mut differences = Vec::new();
    for entry in fixtures::archive("oracle/images.tar.gz").entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let Some(case) = left.remove(&path) else { continue };
        let (name, leaf) = path.split_once('/').unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let file = &case["files"][leaf];
        let found = (bytes.len() as u64, fixtures::sha256(bytes.as_slice()));
        let described = (file["size"].as_u64().unwrap(), file["sha256"].as_str().unwrap().to_owned());
        assert_eq!(found, described, "{path} was not unpacked as it was packed");
        differences.extend(judge(name, case["verdict"].as_str().unwrap(), bytes, VhdTime::from_system(now)));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(left.is_empty(), "not in the archive: {:?}", left.keys());
    let unknown: Vec<_> = EXCEPTIONS.iter().filter(|(name, ..)| !cases.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "no such cases: {unknown:?}");
}

/// What a verdict makes us expect, unless the case is an exception.
fn is_bad(verdict: &str) -> bool {
    match verdict {
        "valid" | "valid-foreign" | "suspicious" => false,
        "corrupt" | "repairable" | "unsupported" => true,
        other => panic!("unknown verdict {other}"),
    }
}

/// What the check says otherwise than expected.
fn judge(name: &str, verdict: &str, bytes: Vec<u8>, now: VhdTime) -> Option<String> {
    let findings = vhd::check(&Memory::new(bytes), Scope::Whole, now).unwrap().findings;
    let rules: Vec<&str> = findings.list.iter().map(|finding| finding.rule.key()).collect();
    let as_expected = match EXCEPTIONS.iter().find(|(case, ..)| *case == name) {
        None => rules.is_empty() != is_bad(verdict),
        Some((_, rules_broken, _)) => rules.is_empty() == is_bad(verdict) && rules == *rules_broken,
    };
    (!as_expected).then(|| format!("{name} is {verdict}, and breaks {rules:?}: {:#?}", findings.list))
}

/// Cases that the check sees otherwise than their verdict: the case; the rules that it finds broken, none in what is
/// called bad; and why.
const EXCEPTIONS: &[(&str, &[&str], &str)] = &[
    // Only whoever looks at the parent can tell: `check --sr`, and the gate in front of an SR.
    ("bad-loop-self", &[], "the image is its own parent"),
    ("bad-loop-two", &[], "the parent's parent is the image"),
    ("bad-parent-dir", &[], "the parent is a directory"),
    ("bad-parent-garbage", &[], "the parent is no VHD"),
    ("bad-parent-missing", &[], "the parent is not there"),
    ("bad-parent-uuid", &[], "the parent has another uuid"),
    ("x-parent-poison", &[], "the parent is disabled"),
    // Data would have to be read, and weighed against the bitmaps.
    ("bad-bitmap-clear", &[], "data where the bitmap has none"),
    ("bad-bitmap-clear-byte0", &[], "the same"),
    // A rule of repositories alone.
    ("bad-loc-escape", &[], "see only_a_repository_refuses_an_escaping_locator"),
    // Here we are stricter. A disk without sectors, or with a part of one, serves nobody.
    ("bad-size-zero", &["size", "size"], "in both footers"),
    ("dyn-odd-size-100", &["size", "size"], "in both footers"),
    ("dyn-zero-size", &["size", "size"], "in both footers"),
    ("fixed-odd-size", &["size"], "a fixed disk has one footer"),
    // Stricter: `vhd-util check` means to look at these, and misses the first byte.
    ("bad-ftr-reserved0", &["reserved", "reserved"], "byte 0, in both footers"),
    ("x-hdr-res2-byte0", &["reserved"], "byte 0"),
    // Stricter: no program writes these.
    ("bad-dyn-locator", &["not-differencing"], "a parent locator without a parent"),
    ("x-batmap-version-0", &["version"], "a batmap of a version that never was"),
    // As strict as `vhd-util check`, which finds fault with both.
    ("bad-parent-name-nonascii", &["locator-name"; 3], "the header says bäse.vhd, the locators base.vhd"),
    ("qemu-dyn-forcesize", &["geometry", "geometry"], "in both footers; an import mends it"),
];

#[test]
fn only_a_repository_refuses_an_escaping_locator() {
    let mut images = fixtures::archive("oracle/images.tar.gz");
    let wanted = Path::new("bad-loc-escape/child.vhd");
    let mut child =
        images.entries().unwrap().map(Result::unwrap).find(|e| e.path().unwrap() == wanted).unwrap();
    let mut bytes = Vec::new();
    child.read_to_end(&mut bytes).unwrap();
    let findings = vhd::check(&Memory::new(bytes), Scope::Repository, NOW).unwrap().findings;
    let rules: Vec<&str> = findings.list.iter().map(|finding| finding.rule.key()).collect();
    assert_eq!(rules, ["locator-escapes"; 3]);
}
