//! Runs whose system refuses one step: it is tolerated, or it is told in one clear answer, and nothing is left.

use std::process::Output;

use serde_json::Value;
use vhd_porter::wire::xmlrpc::Answer;

use crate::campaign::{Campaign, spread};
use crate::steps::When::{self, FromThen, Once};
use crate::steps::{Step, disturb, record, strace};
use crate::verdict::told;
use crate::world::{Host, Job, World};

/// Steps tried of each job and error, unless all are.
const FEW: usize = 4;

/// What the system says, whether to everything from then on, and what plugins call it.
const ERRORS: [(&str, When, &[&str]); 6] = [
    ("EIO", Once, &["OSError"]),
    ("ENOSPC", Once, &["OSError"]),
    ("EDQUOT", Once, &["OSError"]),
    ("EIO", FromThen, &["OSError"]),
    ("ENOSPC", FromThen, &["OSError"]),
    // Asking again is all that there is to do.
    ("EINTR", Once, &[]),
];

/// Whether such a call ever fails so.
fn happens(step: &Step, error: &str) -> bool {
    match error {
        "ENOSPC" | "EDQUOT" => step.changes() && !step.removes() && step.call != "fcntl",
        _ => true,
    }
}

/// What is wrong with how a run ended; `classes` are the failures that are in order.
fn wrong_end(job: Job, run: &Output, whole: &Output, classes: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    if String::from_utf8_lossy(&run.stderr).contains("panicked") {
        wrong.push("a panic".to_owned());
    }
    let succeeded = run.status.success() && run.stdout == whole.stdout;
    let refused = if job.is_plugin() {
        matches!(Answer::read(&run.stdout), Ok(Answer::Failure(items))
            if run.status.success() && items.len() == 4 && classes.contains(&items[2].as_str()))
    } else {
        let kind = serde_json::from_slice(&run.stdout).map(|v: Value| v["error"]["kind"].clone());
        run.status.code() == Some(1)
            && !classes.is_empty()
            && kind.is_ok_and(|kind| ["system", "no-space"].iter().any(|known| kind == *known))
    };
    // One that cannot print says so by its status.
    let mute = run.status.code() == Some(1) && run.stdout.is_empty() && !classes.is_empty();
    if !succeeded && !refused && !mute {
        wrong.push(format!("no clear answer: {}", told(run)));
    }
    wrong
}

/// A host that could not remember a call refuses it when it is made again: its uuids are taken.
fn is_refusal(what: &str) -> bool {
    what.starts_with("again: ") && (what.contains(" is taken: ") || what.ends_with("directory is left"))
}

fn refused(job: Job, host: Host) {
    let mut campaign = Campaign::new(format!("refused by the system: {job:?} on {host:?}"));
    let Some(strace) = strace(&format!("{job:?} that the system refuses")) else { return };
    let world = World::new(job, host);
    let (steps, whole) = record(&strace, world.base(), &world.job());
    assert!(whole.status.success(), "{whole:?}");
    for (error, when, classes) in ERRORS {
        for step in spread(steps.iter().filter(|step| happens(step, error)).collect(), FEW) {
            let world = World::new(job, host);
            let run = disturb(&strace, &world.job(), step, &format!("error={error}"), when);
            let mut wrong = wrong_end(job, &run, &whole, classes);
            wrong.extend(world.wrong_now());
            if when == Once && !step.cleans() {
                wrong.extend(world.wrong_when_settled().into_iter().map(|what| format!("at once: {what}")));
            }
            let answered = run.stdout == whole.stdout;
            let forgets = when == FromThen || answered && step.remembers();
            let after = world.wrong_after_recovery(answered, &whole.stdout);
            wrong.extend(after.into_iter().filter(|what| !(forgets && is_refusal(what))));
            campaign.state(&format!("{error} {when:?}: {step}"), &wrong);
        }
    }
    campaign.end();
}

#[test]
fn an_import() {
    refused(Job::Import, Host::Manager);
}

#[test]
fn a_copy() {
    refused(Job::Copy, Host::Manager);
}

#[test]
fn a_migration() {
    refused(Job::Migration, Host::Manager);
}
