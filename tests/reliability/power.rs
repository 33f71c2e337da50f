//! Power that fails: what the disk holds then is all that was flushed, and any of what was not.
//!
//! The SR, the program's memory of calls and a migrated directory are on the disk that fails. Writes are lost whole;
//! none is torn, and none that was flushed is lost: that is what disks promise.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::campaign::{Campaign, spread};
use crate::recorder::{Disk, has_volatile, on_disk};
use crate::support::skipped;
use crate::world::{Host, Job, World};

/// Moments tried of each recording, unless all are.
const FEW: usize = 4;

const EXT4: (&[&str], u64) = (&["mkfs.ext4", "-q"], 64 << 20);
const XFS: (&[&str], u64) = (&["mkfs.xfs", "-q"], 300 << 20);

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

fn fails((mkfs, bytes): (&[&str], u64), job: Job, writeback: Writeback) {
    let name = format!("power failed: {job:?} on {}, {writeback:?}", mkfs[0].trim_start_matches("mkfs."));
    let Some(mut disk) = Disk::new(&name, mkfs, bytes) else { return };
    if disk.mount_base().is_none() {
        return skipped(&name, "loop devices cannot be mounted");
    }
    let world = World::at(&disk.point(), job, Host::Plain);
    disk.unmount();
    if disk.record().is_none() {
        return skipped(&name, "nothing can be recorded");
    }
    let whole = match writeback {
        Writeback::Calm => world.job().output().unwrap(),
        Writeback::Restless => restlessly(&world),
    };
    assert!(whole.status.success(), "{whole:?}");
    let answered = disk.log().len();
    disk.stop();
    let log = disk.log();
    assert!(log.len() > answered && answered > 10, "{answered} of {} writes before the answer", log.len());
    let mut campaign = Campaign::new(name);
    let mut cuts = spread((0..=log.len()).collect(), FEW);
    cuts.push(answered);
    for cut in cuts {
        for fate in [Fate::AllArrive, Fate::AllAreLost, Fate::SomeArrive] {
            if !has_volatile(&log, cut) && !matches!(fate, Fate::AllArrive) {
                continue;
            }
            let mounted = disk.mount_with(on_disk(&log, cut, |index| fate.survives(cut, index)));
            let wrong = match mounted {
                None => vec!["the file system cannot be mounted".to_owned()],
                Some(()) => {
                    let mut wrong = world.wrong_now();
                    wrong.extend(world.wrong_after_recovery(cut >= answered, &whole.stdout));
                    wrong
                }
            };
            disk.unmount();
            campaign
                .state(&format!("after {cut} of {} ({answered} at the answer), {fate:?}", log.len()), &wrong);
        }
    }
    campaign.end();
}

/// Does the job while somebody else syncs all that there is.
fn restlessly(world: &World) -> std::process::Output {
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
