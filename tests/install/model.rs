//! What may be there when an install, an upgrade or an uninstall stops anywhere, and what has to come of it.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::tree::{Content, ORIGINALS, PLUGINS, Tree, built, told, without_state};
use crate::upgrade;

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Job {
    /// Over os-xenapi's plugins.
    Install,
    /// Over an older version.
    Upgrade,
    /// Of all that was installed over os-xenapi's plugins.
    Uninstall,
}

impl Job {
    pub(crate) fn world(self) -> Tree {
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

    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Install | Self::Upgrade => &["install"],
            Self::Uninstall => &["uninstall"],
        }
    }
}

/// What a job starts from, and what it and both commands make of that.
pub(crate) struct Model {
    pub(crate) job: Job,
    pub(crate) start: Tree,
    before: Content,
    installed: Content,
    uninstalled: Content,
}

impl Model {
    pub(crate) fn new(job: Job) -> Self {
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
    pub(crate) fn wrong_now(&self, tree: &Tree) -> Vec<String> {
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

    /// What is wrong when the job is done.
    pub(crate) fn wrong_when_done(&self, tree: &Tree) -> Vec<String> {
        let expected = match self.job {
            Job::Install | Job::Upgrade => &self.installed,
            Job::Uninstall => &self.uninstalled,
        };
        difference(&without_state(tree.content()), expected).map(|what| format!("done: {what}")).collect()
    }

    /// What is wrong when one of the commands has ended what was begun.
    pub(crate) fn wrong_afterwards(&self, tree: Tree) -> Vec<String> {
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

#[test]
fn what_is_installed_is_what_was_built() {
    let model = Model::new(Job::Upgrade);
    let program = crate::support::sha256(&fs::read(built().join("vhd-porter-plugin")).unwrap());
    assert!(model.before["usr/local/bin/vhd-porter-plugin"].contains(&crate::support::sha256(b"older")));
    assert!(model.installed["usr/local/bin/vhd-porter-plugin"].contains(&program));
}
