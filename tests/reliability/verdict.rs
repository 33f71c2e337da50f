//! What is wrong with a world: at any moment, when it is recovered, and when the job is done.

use std::process::Output;

use crate::model::{Scan, belongings, guest_disk};
use crate::support::Fixture;
use crate::world::{CHAIN, Host, Job, World};

impl World {
    /// What is wrong with the SR as it is just now, whatever has happened.
    pub(crate) fn wrong_now(&self) -> Vec<String> {
        let scan = Scan::of(&self.sr());
        let mut wrong = scan.broken.clone();
        // Where the leaf lands first, recovery brings its parents.
        if self.host != Host::Slave {
            wrong.extend(scan.orphans().iter().map(|name| format!("{name} has no parent")));
        }
        wrong.extend(scan.visible_parents().iter().map(|name| format!("{name} is a parent, and visible")));
        let now = belongings(&self.sr());
        let changed = self.foreign.iter().filter(|(name, was)| now.get(*name) != Some(was));
        wrong.extend(changed.map(|(name, _)| format!("{name}, which is none of ours, was changed")));
        wrong
    }

    /// What is wrong with the SR when all is to be in order again.
    pub(crate) fn wrong_when_settled(&self) -> Vec<String> {
        let (mut wrong, scan) = (self.wrong_now(), Scan::of(&self.sr()));
        wrong.extend(scan.ours.iter().map(|name| format!("{name} is left")));
        wrong.extend(scan.orphans().iter().map(|name| format!("{name} has no parent")));
        wrong.extend(scan.garbage().iter().map(|name| format!("{name} is hidden and has no child")));
        let landed = CHAIN.iter().filter(|uuid| scan.vdis.contains_key(&format!("{uuid}.vhd"))).count();
        if landed != 0 && landed != CHAIN.len() {
            wrong.push(format!("{landed} of {} links are in", CHAIN.len()));
        }
        if scan.vdis.len() != landed + self.foreign.keys().filter(|name| name.ends_with(".vhd")).count() {
            wrong.push(format!("unexpected VDIs: {:?}", scan.vdis.keys()));
        }
        wrong
    }

    /// What is wrong with the SR when the job is done.
    pub(crate) fn wrong_when_done(&self) -> Vec<String> {
        let mut wrong = self.wrong_when_settled();
        if !self.is_in() {
            wrong.push("the chain is not in".to_owned());
        } else if guest_disk(&self.sr(), CHAIN[0]) != Fixture::diff3().raw(0).1 {
            wrong.push("another disk".to_owned());
        }
        if self.job == Job::Migration && self.instance().exists() {
            wrong.push("the instance's directory is left".to_owned());
        }
        wrong
    }

    /// Whether the leaf is in the SR.
    pub(crate) fn is_in(&self) -> bool {
        self.sr().join(format!("{}.vhd", CHAIN[0])).exists()
    }

    /// Recovers, and does the job again: what is wrong in between and afterwards. `answer` is what an undisturbed run
    /// answers.
    pub(crate) fn wrong_after_recovery(&self, answered: bool, answer: &[u8]) -> Vec<String> {
        let mut wrong = Vec::new();
        let said = self.recovery().output().unwrap();
        if !said.status.success() {
            wrong.push(format!("recovering failed: {}", told(&said)));
        }
        wrong.extend(self.wrong_when_settled().into_iter().map(|what| format!("recovered: {what}")));
        if answered && !self.is_in() {
            wrong.push("recovered: a chain that was answered for is gone".to_owned());
        }
        let again = self.job().output().unwrap();
        if !again.status.success() || again.stdout != answer {
            wrong.push(format!("again: another answer: {}", told(&again)));
        }
        wrong.extend(self.wrong_when_done().into_iter().map(|what| format!("again: {what}")));
        wrong
    }
}

/// A run in words.
pub(crate) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}; {}; {}", output.status, text(&output.stdout), text(&output.stderr))
}
