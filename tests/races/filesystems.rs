//! File systems that other hosts may have mounted, and such that have no hard links.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use uuid::Uuid;

use crate::chaos::strace_works;
use crate::place::{Outcome, Place, run, some_uuids};
use crate::skipped;
use crate::staged::told;

/// A file system that is mounted as long as it lives.
struct Mounted(PathBuf);

impl Mounted {
    /// Runs `words` with the mount point behind them; `None`, with a word about it, where that is impossible.
    fn by(what: &str, point: PathBuf, words: &[&str]) -> Option<Self> {
        std::fs::create_dir_all(&point).unwrap();
        match Command::new(words[0]).args(&words[1..]).arg(&point).output() {
            Ok(output) if output.status.success() => return Some(Self(point)),
            Ok(output) => skipped(what, String::from_utf8_lossy(&output.stderr).trim()),
            Err(error) => skipped(what, &format!("{}: {error}", words[0])),
        }
        None
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// A file as a block device.
struct LoopDevice(String);

impl LoopDevice {
    fn of(what: &str, file: &Path) -> Option<Self> {
        match Command::new("losetup").args(["--find", "--show"]).arg(file).output() {
            Ok(output) if output.status.success() => {
                return Some(Self(String::from_utf8(output.stdout).unwrap().trim().to_owned()));
            }
            other => skipped(what, &format!("losetup: {other:?}")),
        }
        None
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["--detach", &self.0]).status();
    }
}

/// The words that kill a run before the Nth of a system call.
fn killed(call: &str, when: u32) -> Vec<String> {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={when}"));
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject].map(str::to_owned).into()
}

fn killed_import(place: &Place, archive: &Path, uuids: &[Uuid], call: &str, when: u32) -> Outcome {
    run(place.importing(&killed(call, when), archive, uuids))
}

/// How many links one import makes.
fn links_of_an_import(place: &Place, archive: &Path) -> u32 {
    let (trace, uuids) = (place.path("trace"), some_uuids(3));
    let words =
        ["strace", "-f", "-qq", "-e", "trace=linkat", "-o", trace.to_str().unwrap()].map(str::to_owned);
    run(place.importing(&words, archive, &uuids)).done();
    place.destroy(&uuids);
    let lines = std::fs::read_to_string(trace).unwrap();
    u32::try_from(lines.lines().filter(|line| line.contains("linkat(")).count()).unwrap()
}

#[test]
fn a_slave_lands_the_leaf_first_on_what_hosts_share() {
    let what = "a slave of the pool on a shared file system";
    if !strace_works() {
        return skipped(what, "there is no strace that may trace");
    }
    let scratch = TempDir::new().unwrap();
    let (real, point) = (scratch.path().join("real"), scratch.path().join("mnt"));
    std::fs::create_dir(&real).unwrap();
    // FUSE is one of the kinds that are taken for shared.
    let Some(mounted) = Mounted::by(what, point, &["bindfs", real.to_str().unwrap()]) else { return };
    let place = Place::within(scratch, &mounted.0);
    std::fs::write(place.path("pool.conf"), "slave:192.0.2.1").unwrap();
    let archive = place.archive(1, 3);
    // Files are renamed by links as well where the file system has no rename that does not replace.
    let others = links_of_an_import(&place, &archive.path) - 3;
    // Before the first name; with the leaf; with its parent as well; with all three, before the end.
    for (call, when, action, landed) in [
        ("linkat", others + 1, "removed", 0),
        ("linkat", others + 2, "rolled-forward", 2),
        ("linkat", others + 3, "rolled-forward", 1),
        ("unlink", 3, "finished", 0),
        ("rmdir", 1, "removed", 0),
    ] {
        let uuids = some_uuids(3);
        let died = killed_import(&place, &archive.path, &uuids, call, when);
        assert_eq!(
            (died.status.unwrap_or(137), died.answer.is_null()),
            (137, true),
            "{call} {when}: {died:?}"
        );
        let there: Vec<bool> = uuids.iter().map(|uuid| place.vdi(*uuid).exists()).collect();
        assert!(there.is_sorted_by(|one, next| one >= next), "{call} {when}: leaf first: {there:?}");
        assert_eq!(told(&place.recover(&[]).done()), (action.to_owned(), landed), "{call} {when}");
        let chain: [(&[Uuid], &str); 1] = [(&uuids, &archive.sha256)];
        place.assert_holds(if there.contains(&true) { &chain } else { &[] });
        // The answer that was lost is given now.
        let answer = place.import(&archive.path, &uuids).done().answer;
        assert_eq!(answer["root"]["uuid"], uuids[0].to_string());
        place.assert_holds(&chain);
        place.destroy(&uuids);
    }
}

#[test]
fn without_hard_links_files_are_renamed() {
    let what = "a file system without hard links";
    let scratch = TempDir::new().unwrap();
    let (image, point) = (scratch.path().join("image"), scratch.path().join("mnt"));
    std::fs::File::create_new(&image).unwrap().set_len(64 << 20).unwrap();
    match Command::new("mkfs.exfat").arg(&image).output() {
        Ok(output) if output.status.success() => {}
        other => return skipped(what, &format!("mkfs.exfat: {other:?}")),
    }
    let Some(device) = LoopDevice::of(what, &image) else { return };
    let Some(mounted) = Mounted::by(what, point, &["mount.exfat-fuse", &device.0]) else { return };
    let probe = mounted.0.join("probe");
    std::fs::write(&probe, "").unwrap();
    assert!(std::fs::hard_link(&probe, mounted.0.join("link")).is_err());
    std::fs::remove_file(probe).unwrap();
    let place = Place::within(scratch, &mounted.0);
    let (archive, uuids) = (place.archive(1, 3), some_uuids(3));
    let answer = place.import(&archive.path, &uuids).done().answer;
    place.assert_holds(&[(&uuids, &archive.sha256)]);
    assert_eq!(place.import(&archive.path, &uuids).done().answer, answer);
    place.import(&place.archive(2, 3).path, &uuids).refused("taken");
    place.assert_holds(&[(&uuids, &archive.sha256)]);
}
