//! Power that fails: what the disk holds then is all that was flushed, and any of what was not.
//!
//! The SR, the program's memory of calls and a migrated directory are on the disk that fails. Writes are lost whole;
//! none is torn, and none that was flushed is lost: that is what disks promise.

use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::campaign::{Campaign, spread};
use crate::recorder::{Disk, Entry, has_volatile, on_disk};
use crate::steps::{strace, without};
use crate::world::{Host, Job, World};

/// Moments tried of each recording, unless all are.
const FEW: usize = 4;

/// How to make one, and of how many bytes.
type FileSystem = (&'static [&'static str], u64);

const EXT4: FileSystem = (&["mkfs.ext4", "-q"], 64 << 20);
const XFS: FileSystem = (&["mkfs.xfs", "-q"], 300 << 20);

/// What becomes of writes that were not flushed.
#[derive(Debug, Clone, Copy)]
enum Fate {
    AllArrive,
    AllAreLost,
    SomeArrive,
}

impl Fate {
    fn survives(self, cut: usize, index: usize) -> bool {
        match self {
            Self::AllArrive => true,
            Self::AllAreLost => false,
            // Any, but the same ones each time.
            Self::SomeArrive => (cut * 31 + index).wrapping_mul(0x9e37_79b9) >> 16 & 1 == 1,
        }
    }
}

/// How the file system writes while the job is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writeback {
    /// When it is asked to.
    Calm,
    /// All the time: somebody else syncs again and again.
    Restless,
}

/// A job that was done on a disk that remembers.
struct Recording {
    disk: Disk,
    world: World,
    log: Vec<Entry>,
    /// How many entries there were when the answer was given.
    answered: usize,
    /// The answer.
    answer: Vec<u8>,
}

impl Recording {
    /// Has `work` do `job` on a new file system. `None`, and why is said, where that cannot be.
    fn of(name: &str, on: FileSystem, job: Job, work: impl FnOnce(&World) -> Output) -> Option<Self> {
        let mut disk = Disk::new(name, on.0, on.1)?;
        disk.mount_base()?;
        let world = World::at(&disk.point(), job, Host::Plain);
        disk.unmount();
        disk.record()?;
        let whole = work(&world);
        assert!(whole.status.success(), "{whole:?}");
        let answered = disk.log().len();
        disk.stop();
        let log = disk.log();
        assert!(log.len() > answered, "{answered} of {} writes before the answer", log.len());
        Some(Self { disk, world, log, answered, answer: whole.stdout })
    }

    /// What is wrong when the power fails after `cut` writes.
    fn wrong(&mut self, cut: usize, fate: Fate) -> Vec<String> {
        let survivors = on_disk(&self.log, cut, |index| fate.survives(cut, index));
        let wrong = match self.disk.mount_with(survivors) {
            None => vec!["the file system cannot be mounted".to_owned()],
            Some(()) => {
                let mut wrong = self.world.wrong_now();
                wrong.extend(self.world.wrong_after_recovery(cut >= self.answered, &self.answer));
                wrong
            }
        };
        self.disk.unmount();
        wrong
    }
}

fn fails(on: FileSystem, job: Job, writeback: Writeback) {
    let name = format!("power failed: {job:?} on {}, {writeback:?}", on.0[0].trim_start_matches("mkfs."));
    let work = |world: &World| match writeback {
        Writeback::Calm => world.job().output().unwrap(),
        Writeback::Restless => restlessly(world),
    };
    let Some(mut recording) = Recording::of(&name, on, job, work) else { return };
    let (all, answered) = (recording.log.len(), recording.answered);
    let mut campaign = Campaign::new(name);
    let mut cuts = spread((0..=all).collect(), FEW);
    cuts.push(answered);
    for cut in cuts {
        for fate in [Fate::AllArrive, Fate::AllAreLost, Fate::SomeArrive] {
            if has_volatile(&recording.log, cut) || matches!(fate, Fate::AllArrive) {
                let wrong = recording.wrong(cut, fate);
                let moment = format!("after {cut} of {all} writes, {answered} at the answer, {fate:?}");
                campaign.state(&moment, &wrong);
            }
        }
    }
    campaign.end();
}

/// Does the job while somebody else syncs all that there is.
fn restlessly(world: &World) -> Output {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let directory = std::fs::File::open(world.base()).unwrap();
            while !done.load(Ordering::Relaxed) {
                let _ = rustix::fs::syncfs(&directory);
            }
        });
        let whole = world.job().output();
        done.store(true, Ordering::Relaxed);
        whole.unwrap()
    })
}

#[test]
fn on_ext4() {
    for job in Job::ALL {
        fails(EXT4, job, Writeback::Calm);
        fails(EXT4, job, Writeback::Restless);
    }
}

#[test]
fn on_xfs() {
    for job in Job::ALL {
        fails(XFS, job, Writeback::Calm);
        fails(XFS, job, Writeback::Restless);
    }
}

/// The campaign would notice: with all syncs left out, what was answered for is lost.
#[test]
fn without_syncs_something_is_lost() {
    let name = "a job that does not sync";
    let Some(strace) = strace(name) else { return };
    for on in [EXT4, XFS] {
        let work = |world: &World| without(&strace, &world.job(), "fsync,fdatasync,syncfs");
        let Some(mut recording) = Recording::of(name, on, Job::Import, work) else { return };
        let wrong = recording.wrong(recording.answered, Fate::AllAreLost);
        assert!(wrong.iter().any(|what| what.contains("answered for is gone")), "{wrong:?}");
    }
}
