//! Runs that are killed before each step that changes something, and runs whose system refuses one: no plugin
//! name is missing or leads nowhere, nothing is lost, and either command ends what was begun.

use std::path::Path;

use serde_json::Value;

use crate::campaign::{Campaign, spread};
use crate::model::{Job, Model};
use crate::steps::{Step, When, disturb, kill, record, strace};
use crate::tree::told;

/// Steps tried of each job, unless all are.
const FEW: usize = 24;
/// What the system says.
const ERRORS: [&str; 3] = ["EIO", "ENOSPC", "EINTR"];

/// The steps of the job in a tree like the one that it starts from.
fn steps(strace: &Path, model: &Model) -> Vec<Step> {
    let tree = model.start.duplicate();
    let (steps, whole) = record(strace, tree.root(), &tree.command(model.job.words()));
    assert!(whole.status.success(), "{}", told(&whole));
    steps.into_iter().filter(Step::changes).collect()
}

fn killed(job: Job) {
    let mut campaign = Campaign::new(format!("killed: {job:?}"));
    let Some(strace) = strace(&format!("{job:?} that is killed")) else { return };
    let model = Model::new(job);
    for step in spread(steps(&strace, &model), FEW) {
        let tree = model.start.duplicate();
        kill(&strace, &tree.command(job.words()), &step);
        let mut wrong = model.wrong_now(&tree);
        wrong.extend(model.wrong_afterwards(tree));
        campaign.state(&step, &wrong);
    }
    campaign.end();
}

fn refused(job: Job) {
    let mut campaign = Campaign::new(format!("refused by the system: {job:?}"));
    let Some(strace) = strace(&format!("{job:?} that the system refuses")) else { return };
    let model = Model::new(job);
    for error in ERRORS {
        for step in spread(steps(&strace, &model), FEW / 3) {
            let tree = model.start.duplicate();
            let command = tree.command(job.words());
            let run = disturb(&strace, &command, &step, &format!("error={error}"), When::Once);
            let mut wrong = model.wrong_now(&tree);
            let said = serde_json::from_slice(&run.stdout).map(|said: Value| said["error"]["kind"].clone());
            let clear = said.is_ok_and(|kind| ["system", "no-space"].iter().any(|known| kind == *known));
            // One that cannot print says so by its status.
            let mute = run.stdout.is_empty() && step.call == "write";
            if !run.status.success() && !(run.status.code() == Some(1) && (clear || mute)) {
                wrong.push(format!("no clear answer: {}", told(&run)));
            }
            wrong.extend(model.wrong_afterwards(tree));
            campaign.state(&format!("{error}: {step}"), &wrong);
        }
    }
    campaign.end();
}

#[test]
fn an_install_that_is_killed() {
    killed(Job::Install);
}

#[test]
fn an_upgrade_that_is_killed() {
    killed(Job::Upgrade);
}

#[test]
fn an_uninstall_that_is_killed() {
    killed(Job::Uninstall);
}

#[test]
fn an_install_that_the_system_refuses() {
    refused(Job::Install);
}

#[test]
fn an_upgrade_that_the_system_refuses() {
    refused(Job::Upgrade);
}

#[test]
fn an_uninstall_that_the_system_refuses() {
    refused(Job::Uninstall);
}
