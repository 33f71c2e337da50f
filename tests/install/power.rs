//! Power that fails while something is installed, upgraded or uninstalled: what the disk holds then is all that was flushed,
//! and any of what was not.

use crate::campaign::{Campaign, spread};
use crate::model::{Job, Model};
use crate::recorder::{Disk, has_volatile, on_disk};
use crate::tree::{Tree, told};

/// Moments tried of each recording, unless all are.
const FEW: usize = 6;
/// Bytes of the disk: the programs are on it up to three times.
const DISK: u64 = 192 << 20;

/// What becomes of a write that was not flushed, by its number and that of the moment.
type Fate = (&'static str, fn(usize, usize) -> bool);

const FATES: [Fate; 3] = [
    ("all arrive", |_, _| true),
    ("all are lost", |_, _| false),
    // Any, but the same ones each time.
    ("some arrive", |cut, write| (cut * 31 + write).wrapping_mul(0x9e37_79b9) >> 16 & 1 == 1),
];

fn fails(mkfs: &[&str], job: Job) {
    let name = format!("power failed: {job:?} on {}", mkfs[0].trim_start_matches("mkfs."));
    let model = Model::new(job);
    let Some(mut disk) = Disk::new(&name, mkfs, DISK) else { return };
    if disk.mount_base().is_none() {
        return;
    }
    let tree = model.start.copy_to(&disk.point().join("root"));
    disk.unmount();
    if disk.record().is_none() {
        return;
    }
    let whole = tree.command(job.words()).output().unwrap();
    assert!(whole.status.success(), "{}", told(&whole));
    let answered = disk.log().len();
    disk.stop();
    let log = disk.log();
    let mut campaign = Campaign::new(name);
    let mut cuts = spread((0..=log.len()).collect(), FEW);
    cuts.push(answered);
    for cut in cuts {
        for (fate, survives) in FATES {
            if !has_volatile(&log, cut) && fate != FATES[0].0 {
                continue;
            }
            let mounted = disk.mount_with(on_disk(&log, cut, |write| survives(cut, write)));
            assert!(mounted.is_some(), "{cut}: the file system cannot be mounted");
            let mut wrong = model.wrong_now(&tree);
            if cut >= answered {
                wrong.extend(model.wrong_when_done(&tree));
            }
            wrong.extend(model.wrong_afterwards(Tree::at(tree.root())));
            disk.unmount();
            let moment = format!("after {cut} of {} writes, {answered} at the answer, {fate}", log.len());
            campaign.state(&moment, &wrong);
        }
    }
    campaign.end();
}

#[test]
fn on_ext4() {
    for job in [Job::Install, Job::Upgrade, Job::Uninstall] {
        fails(&["mkfs.ext4", "-q"], job);
    }
}
