//! A host that is a slave, on a file system that hosts share: the leaf lands first, and recovery brings its parents.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::campaign::{Campaign, spread};
use crate::model::Scan;
use crate::steps::{kill, record, strace};
use crate::support::{have, skipped};
use crate::world::{Host, Job, World};

/// Steps tried of each job, unless all are.
const FEW: usize = 12;

/// A directory by FUSE: the kernel tells of it what it tells of a network's file systems.
struct Shared {
    scratch: TempDir,
    point: PathBuf,
}

impl Shared {
    fn new(what: &str) -> Option<Self> {
        let Some(bindfs) = have("bindfs") else {
            skipped(what, "there is no bindfs");
            return None;
        };
        let scratch = tempfile::tempdir().unwrap();
        let [from, point] = ["from", "mnt"].map(|name| scratch.path().join(name));
        std::fs::create_dir(&from).unwrap();
        std::fs::create_dir(&point).unwrap();
        // What the kernel remembers of links and names would be a second old.
        let fresh = ["-o", "attr_timeout=0,entry_timeout=0,negative_timeout=0"];
        let mounted = Command::new(bindfs).args(fresh).args([&from, &point]).output().unwrap();
        if !mounted.status.success() {
            skipped(what, String::from_utf8_lossy(&mounted.stderr).trim());
            return None;
        }
        Some(Self { scratch, point })
    }

    /// A place for one more host.
    fn place(&self, number: usize) -> PathBuf {
        let place = self.point.join(number.to_string());
        std::fs::create_dir(&place).unwrap();
        place
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.point).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} is left mounted", self.scratch.path().display());
        }
    }
}

fn orphans(root: &Path) -> usize {
    Scan::of(root).orphans().len()
}

fn killed(job: Job) {
    let what = format!("killed: {job:?} on Slave");
    let (Some(strace), Some(shared)) = (strace(&what), Shared::new(&what)) else { return };
    let mut campaign = Campaign::new(&*what);
    let world = World::at(&shared.place(0), job, Host::Slave);
    let (steps, whole) = record(&strace, world.base(), &world.job());
    assert!(whole.status.success(), "{whole:?}");
    assert_eq!(world.wrong_when_done(), [""; 0]);
    let steps: Vec<_> = steps.into_iter().filter(|step| step.changes()).collect();
    let landing = |call: &str| call == "linkat";
    let mut tried = spread(steps.clone(), FEW);
    // Between the leaf and its parents, whatever else is tried.
    tried.extend(steps.into_iter().filter(|step| landing(&step.call)).skip(1));
    let mut forward = 0;
    for (number, step) in tried.iter().enumerate() {
        let world = World::at(&shared.place(number + 1), job, Host::Slave);
        kill(&strace, &world.job(), step);
        let (mut wrong, half) = (world.wrong_now(), orphans(&world.sr()) > 0);
        wrong.extend(world.wrong_after_recovery(half, &whole.stdout));
        forward += usize::from(half);
        campaign.state(step, &wrong);
    }
    assert!(forward > 0, "no leaf was ever without its parents: this was no slave");
    campaign.end();
}

#[test]
fn an_import_on_a_slave() {
    killed(Job::Import);
}

#[test]
fn a_copy_on_a_slave() {
    killed(Job::Copy);
}

#[test]
fn a_migration_on_a_slave() {
    killed(Job::Migration);
}
