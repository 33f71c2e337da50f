//! Runs that are killed before each step that changes something.

use crate::campaign::{Campaign, spread};
use crate::steps::{kill, record, strace};
use crate::world::{Host, Job, World};

/// Steps tried of each job on each host, unless all are.
const FEW: usize = 10;

fn killed(job: Job, host: Host) {
    let mut campaign = Campaign::new(format!("killed: {job:?} on {host:?}"));
    let Some(strace) = strace(&format!("{job:?} that is killed")) else { return };
    let world = World::new(job, host);
    let (steps, whole) = record(&strace, world.base(), &world.job());
    assert!(whole.status.success(), "{whole:?}");
    assert_eq!(world.wrong_when_done(), [""; 0]);
    let steps = steps.into_iter().filter(|step| step.changes()).collect();
    for step in spread(steps, FEW) {
        let world = World::new(job, host);
        let run = kill(&strace, &world.job(), &step);
        let mut wrong = world.wrong_now();
        wrong.extend(world.wrong_after_recovery(run.stdout == whole.stdout, &whole.stdout));
        campaign.state(&step, &wrong);
    }
    campaign.end();
}

/// Runs that die, and recoveries that die: the next recovery ends both.
fn killed_again(job: Job, host: Host) {
    let mut campaign = Campaign::new(format!("killed, and its recovery as well: {job:?} on {host:?}"));
    let Some(strace) = strace(&format!("recovery of {job:?} that is killed")) else { return };
    let world = World::new(job, host);
    let (steps, whole) = record(&strace, world.base(), &world.job());
    // From the moment at which names appear in the SR: there is little to recover from before.
    let landing = steps.into_iter().filter(|step| step.changes()).skip_while(|step| step.call != "linkat");
    for step in spread(landing.collect(), FEW / 3) {
        let dead = || {
            let world = World::new(job, host);
            kill(&strace, &world.job(), &step);
            world
        };
        let world = dead();
        let (again, _) = record(&strace, world.base(), &world.recovery());
        for second in spread(again.into_iter().filter(|step| step.changes()).collect(), FEW / 3) {
            let world = dead();
            kill(&strace, &world.recovery(), &second);
            let mut wrong = world.wrong_now();
            wrong.extend(world.wrong_after_recovery(false, &whole.stdout));
            campaign.state(&format!("{step}\n  then {second}"), &wrong);
        }
    }
    campaign.end();
}

#[test]
fn an_import_beside_a_storage_manager() {
    killed(Job::Import, Host::Manager);
}

#[test]
fn an_import_without_one() {
    killed(Job::Import, Host::Plain);
}

#[test]
fn a_copy_beside_a_storage_manager() {
    killed(Job::Copy, Host::Manager);
}

#[test]
fn a_copy_without_one() {
    killed(Job::Copy, Host::Plain);
}

#[test]
fn a_migration_beside_a_storage_manager() {
    killed(Job::Migration, Host::Manager);
}

#[test]
fn a_migration_without_one() {
    killed(Job::Migration, Host::Plain);
}

#[test]
fn a_recovery_of_each() {
    Job::ALL.iter().for_each(|job| killed_again(*job, Host::Manager));
}
