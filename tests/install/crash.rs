//! Runs that are killed before each step that changes something, and runs whose system refuses one: no plugin
//! name is missing or leads nowhere, nothing is lost, and either command ends what was begun.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::campaign::{Campaign, spread};
use crate::steps::{Step, When, disturb, kill, record, strace};
use crate::tree::{Content, ORIGINALS, PLUGINS, Tree, built, told, without_state};
use crate::upgrade;

/// Steps tried of each job, unless all are.
const FEW: usize = 24;
/// What the system says.
const ERRORS: [&str; 3] = ["EIO", "ENOSPC", "EINTR"];

/// What is done.
#[derive(Debug, Clone, Copy)]
enum Job {
    /// Over os-xenapi's plugins.
    Install,
    /// Over an older version.
    Upgrade,
    /// Of all that was installed over os-xenapi's plugins.
    Uninstall,
}

impl Job {
    fn world(self) -> Tree {
        match self {
            Self::Install => Tree::new(),
            Self::Upgrade => upgrade::older(),
            Self::Uninstall => {
                let tree = Tree::new();
                tree.run(&["install"]);
                tree
            }
        }
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Install | Self::Upgrade => &["install"],
            Self::Uninstall => &["uninstall"],
        }
    }
}

/// What a job starts from, and what it and both commands make of that.
struct Model {
    job: Job,
    start: Tree,
    before: Content,
    installed: Content,
    uninstalled: Content,
}

impl Model {
    fn new(job: Job) -> Self {
        let start = job.world();
        let end = |commands: &[&str]| {
            let tree = start.duplicate();
            commands.iter().for_each(|command| drop(tree.run(&[command])));
            without_state(tree.content())
        };
        let (installed, uninstalled) = (end(&["install"]), end(&["install", "uninstall"]));
        Self { job, before: without_state(start.content()), installed, uninstalled, start }
    }

    /// What is wrong at any time.
    fn wrong_now(&self, tree: &Tree) -> Vec<String> {
        let now = without_state(tree.content());
        let mut wrong = Vec::new();
        for (path, is) in &now {
            let known = [&self.before, &self.installed, &self.uninstalled];
            let fits = known.iter().any(|content| content.get(path) == Some(is));
            if !fits && !path.ends_with(".vhd-porter-new") {
                wrong.push(format!("{path} is {is}"));
            }
        }
        let always =
            |path: &&String| self.installed.contains_key(*path) && self.uninstalled.contains_key(*path);
        for path in self.before.keys().filter(always) {
            if !now.contains_key(path) {
                wrong.push(format!("{path} is missing"));
            }
        }
        let program = "usr/local/bin/vhd-porter-plugin";
        for (path, is) in &now {
            if path.starts_with(PLUGINS) && *is == format!("link to /{program}") && !now.contains_key(program)
            {
                wrong.push(format!("{path} leads nowhere"));
            }
        }
        for name in ORIGINALS {
            let original = &self.uninstalled[&format!("{PLUGINS}/{name}")];
            if !now.iter().any(|(path, is)| path.contains(name) && is == original) {
                wrong.push(format!("the original {name} is lost"));
            }
        }
        wrong
    }

    /// What is wrong when one of the commands has ended what was begun.
    fn wrong_afterwards(&self, tree: Tree) -> Vec<String> {
        let mut wrong = Vec::new();
        let other = tree.duplicate();
        for (command, tree, expected) in
            [("install", tree, &self.installed), ("uninstall", other, &self.uninstalled)]
        {
            let run = tree.command(&[command]).output().unwrap();
            let ended = run.status.success() || (command == "uninstall" && is_nothing(&run));
            if !ended {
                wrong.push(format!("then {command}: {}", told(&run)));
            }
            let now = without_state(tree.content());
            wrong.extend(difference(&now, expected).map(|what| format!("then {command}: {what}")));
        }
        wrong
    }

    /// The steps of the job in a tree like the one that it starts from.
    fn steps(&self, strace: &Path) -> Vec<Step> {
        let tree = self.start.duplicate();
        let (steps, whole) = record(strace, tree.root(), &tree.command(self.job.words()));
        assert!(whole.status.success(), "{}", told(&whole));
        steps.into_iter().filter(Step::changes).collect()
    }
}

/// Whether an uninstall found nothing to do.
fn is_nothing(run: &Output) -> bool {
    let said = serde_json::from_slice(&run.stdout).map(|said: Value| said["error"]["kind"].clone());
    said.is_ok_and(|kind| kind == "not-found")
}

/// How a tree is not as it should be.
fn difference<'c>(now: &'c Content, expected: &'c Content) -> impl Iterator<Item = String> + 'c {
    let lines = expected.iter().filter(|(path, is)| now.get(*path) != Some(is));
    let missing = lines.map(|(path, is)| format!("{path} should be {is}, is {:?}", now.get(path)));
    missing
        .chain(now.keys().filter(|path| !expected.contains_key(*path)).map(|path| format!("{path} is left")))
}

fn killed(job: Job) {
    let mut campaign = Campaign::new(format!("killed: {job:?}"));
    let Some(strace) = strace(&format!("{job:?} that is killed")) else { return };
    let model = Model::new(job);
    for step in spread(model.steps(&strace), FEW) {
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
        for step in spread(model.steps(&strace), FEW / 3) {
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

#[test]
fn what_is_installed_is_what_was_built() {
    let model = Model::new(Job::Upgrade);
    let program = crate::support::sha256(&fs::read(built().join("vhd-porter-plugin")).unwrap());
    assert!(model.before["usr/local/bin/vhd-porter-plugin"].contains(&crate::support::sha256(b"older")));
    assert!(model.installed["usr/local/bin/vhd-porter-plugin"].contains(&program));
}
