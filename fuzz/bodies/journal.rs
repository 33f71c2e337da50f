//! What a run that died has left in an SR: a claim and a journal, true or of any bytes, and files that have landed or not.
//!
//! A rehearsal changes nothing, a recovery ends, and nobody else's file is touched. Of a true journal, which was written before
//! the files landed one after the other, comes the whole chain or nothing, and no staging area is left.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use uuid::Uuid;
use vhd_porter::sr::{Policy, Recovery, Repository, recover, vdi_file_name};

use super::input::Input;

const NEIGHBOUR: Uuid = Uuid::from_u128(0xcafe);
const STAGING: &str = ".vhd-porter-fuzzed.staging";

/// Every name in the SR and its staging area, with the inode and content of files.
fn everything(root: &Path) -> BTreeMap<String, (u64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for dir in [root.to_owned(), root.join(STAGING)] {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let (path, inode) = (entry.path(), entry.metadata().map_or(0, |metadata| metadata.ino()));
            let content = if path.is_file() { fs::read(&path).unwrap_or_default() } else { Vec::new() };
            found.insert(path.display().to_string(), (inode, content));
        }
    }
    found
}

fn link_uuid(index: usize) -> Uuid {
    Uuid::from_u128(0x1000 + index as u128)
}

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let place = tempfile::tempdir().expect("a temporary directory");
    let (root, staging) = (place.path(), place.path().join(STAGING));
    let write = |path: &Path, bytes: &[u8]| fs::write(path, bytes).expect("room for a temporary file");
    fs::create_dir(&staging).expect("a directory");
    let neighbour = root.join(vdi_file_name(NEIGHBOUR));
    write(&neighbour, b"of somebody else");

    let (links, leaf_first, changed) = (1 + input.choice(4), input.byte() & 1 != 0, input.byte() & 1 != 0);
    let mut landed = input.choice(links + 1);
    let mut journal = journal(&staging, links, leaf_first);
    if landed == links && input.byte() & 1 != 0 {
        journal.extend(b"committed\n");
    }
    if input.byte() & 1 != 0 {
        write(&staging.join("claim"), input.text().as_bytes());
    }
    if changed {
        // From somewhere on, any bytes; or, from the start, nothing but those.
        let at = input.choice(journal.len() + 1);
        journal.truncate(at);
        journal.extend(input.0);
    } else if input.byte() & 1 != 0 {
        // The power went while it was written: nothing can have landed.
        journal.pop();
        journal.truncate(input.choice(journal.len() + 1));
        landed = 0;
    }
    write(&staging.join("journal"), &journal);
    let order: Vec<usize> = if leaf_first { (0..links).collect() } else { (0..links).rev().collect() };
    for index in &order[..landed] {
        let to = root.join(vdi_file_name(link_uuid(*index)));
        fs::hard_link(staging.join(format!("{index}.vhd")), to).expect("a link");
    }

    let before = everything(root);
    let sr = Repository::open_writable(root, Policy::default()).expect("a directory");
    assert!(recover(&sr, Recovery::Rehearse).is_ok());
    // The lock on the claim is in a file that may have been made for it.
    let mut rehearsed = everything(root);
    rehearsed.retain(|name, _| before.contains_key(name) || !name.ends_with("/claim"));
    assert_eq!(rehearsed, before, "a rehearsal changes nothing");
    let ended = recover(&sr, Recovery::Everything).expect("an SR that can be read");
    assert!(ended.len() <= 1);
    let after = everything(root);
    let key = neighbour.display().to_string();
    assert_eq!(after.get(&key), before.get(&key), "the neighbour");
    if changed {
        return;
    }
    let there = (0..links).filter(|index| root.join(vdi_file_name(link_uuid(*index))).exists()).count();
    let whole = if leaf_first { landed > 0 } else { landed == links };
    assert_eq!(there, if whole { links } else { 0 }, "{landed} of {links} had landed: {ended:?}");
    assert_eq!(after.len(), 1 + there, "nothing of ours is left: {:?}", after.keys());
}

/// Makes the staged files of a chain; what a landing would have written of them.
fn journal(staging: &Path, links: usize, leaf_first: bool) -> Vec<u8> {
    let entries = (0..links).map(|index| {
        let path = staging.join(format!("{index}.vhd"));
        fs::write(&path, [u8::try_from(index).unwrap_or_default(); 8]).expect("room for a temporary file");
        let inode = fs::metadata(&path).expect("a file").ino();
        let uuid = link_uuid(index);
        format!(r#"{{"uuid":"{uuid}","staged":"{index}.vhd","inode":{inode},"footer_uuid":null,"size":8}}"#)
    });
    let order = if leaf_first { "leaf-first" } else { "parents-first" };
    format!(r#"{{"order":"{order}","links":[{}]}}"#, entries.collect::<Vec<_>>().join(","))
        .into_bytes()
        .into_iter()
        .chain(*b"\n")
        .collect()
}
