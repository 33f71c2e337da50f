//! Ending what runs that died have begun: exactly what their journals say, and nothing for those that live.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use super::claim::Owner;
use super::error::Error;
use super::exclusion::{Collector, Exclusion};
use super::gate::Gate;
use super::journal::{Entry, Journal, Order};
use super::landing::{publish_one, take_back};
use super::repository::Repository;
use super::staging::{self, Staging};
use super::tree::Tree;
use crate::os::{self, Dir};

/// What was, or is to be, done about a staging area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing has landed, or nothing but the staging area was left to remove: it goes.
    Removed,
    /// The chain had landed: what was left of the staging area goes.
    Finished,
    /// Hidden parents had landed, without their leaf: they go, then the staging area.
    RolledBack,
    /// The leaf had landed, on a host that lands it first: its parents land as well, then the staging area goes.
    RolledForward,
    /// The owner lives: nothing.
    InWork,
    /// It could not be ended: it is as it was, for the next one.
    Failed,
}

/// A staging area, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// Its name in the SR.
    pub staging: String,
    /// Who made it.
    pub owner: Owner,
    /// What was done, or would be.
    pub action: Action,
    /// The VDIs that were taken back or landed.
    pub vdis: Vec<Uuid>,
    /// Why it could not be ended.
    pub problem: Option<String>,
}

/// How to recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery<'a> {
    /// Only say what would be done.
    Rehearse,
    /// End everything; wait for locks.
    Everything,
    /// Before a call that is to end in these uuids: end what concerns them, or fail; everything else as far as it can be
    /// done at once.
    Before(&'a [Uuid]),
}

/// Looks at every staging area in `sr`, and ends those whose owners are dead. One that cannot be ended keeps nobody from
/// the others.
///
/// # Errors
/// The SR cannot be listed or its gate not entered. Before a call: what concerns it could not be ended.
pub fn recover(sr: &Repository, how: Recovery<'_>) -> Result<Vec<Recovered>, Error> {
    let mut done = Vec::new();
    for name in staging::all(sr)? {
        let gate = Gate::enter(sr)?;
        let seen = match staging::look(sr, &name) {
            Ok(Some(seen)) => seen,
            Ok(None) => continue,
            Err(error) => {
                done.push(failed(name, Owner::default(), &error));
                continue;
            }
        };
        let ended = if seen.alive {
            Ok(Some((Action::InWork, Vec::new())))
        } else {
            one(sr, &name, gate, &seen.uuids, how)
        };
        let owner = seen.owner;
        match ended {
            Ok(Some((action, vdis))) => {
                if action != Action::InWork {
                    tracing::warn!(
                        staging = name,
                        ?action,
                        ?how,
                        pid = owner.pid,
                        host = owner.host,
                        "left by a run that died"
                    );
                }
                done.push(Recovered { staging: name, owner, action, vdis, problem: None });
            }
            Ok(None) => {}
            Err(error) if how.concerns(&seen.uuids) => return Err(error),
            Err(error) => done.push(failed(name, owner, &error)),
        }
    }
    // Who died in the gate has left its file.
    Gate::sweep(sr)?;
    Ok(done)
}

fn failed(staging: String, owner: Owner, error: &Error) -> Recovered {
    let problem = os::in_full(error);
    tracing::warn!(staging, problem, "left by a run that died, and could not be ended");
    Recovered { staging, owner, action: Action::Failed, vdis: Vec::new(), problem: Some(problem) }
}

/// Ends a staging area whose owner is dead; `None` when somebody else was faster.
fn one(
    sr: &Repository,
    name: &str,
    gate: Gate<'_>,
    uuids: &[Uuid],
    how: Recovery<'_>,
) -> Result<Option<(Action, Vec<Uuid>)>, Error> {
    if how == Recovery::Rehearse {
        let Some(dir) = staging::open(sr, name)? else { return Ok(None) };
        let plan = Plan::of(sr, &dir)?;
        return Ok(Some((plan.action, plan.vdis())));
    }
    let Some(staging) = Staging::inherit(sr, name)? else { return Ok(None) };
    drop(gate);
    let wait = how == Recovery::Everything || how.concerns(uuids);
    let patience = if wait { sr.policy().patience } else { Duration::ZERO };
    end(sr, staging, patience).map(Some)
}

impl Recovery<'_> {
    fn concerns(self, uuids: &[Uuid]) -> bool {
        matches!(self, Self::Before(ours) if ours.iter().any(|uuid| uuids.contains(uuid)))
    }
}

/// What is to be done about the staging area of a dead owner.
struct Plan {
    action: Action,
    /// Those to take back, or to land; leaf first.
    entries: Vec<Entry>,
}

impl Plan {
    fn of(sr: &Repository, staging: &Dir) -> Result<Self, Error> {
        let none = |action| Ok(Self { action, entries: Vec::new() });
        let Some(journal) = Journal::read(staging)? else { return none(Action::Removed) };
        let mut landed = BTreeMap::new();
        for entry in &journal.links {
            landed.insert(entry.uuid, sr.inode(entry.uuid)? == Some(entry.identity.inode));
        }
        let leaf_landed = journal.links.first().is_some_and(|leaf| landed[&leaf.uuid]);
        if journal.committed || (leaf_landed && landed.values().all(|landed| *landed)) {
            return none(Action::Finished);
        }
        let missing = |entry: &Entry| !landed[&entry.uuid];
        match (journal.order, leaf_landed) {
            (Order::LeafFirst, true) => {
                let entries = journal.links.into_iter().filter(missing).collect();
                Ok(Self { action: Action::RolledForward, entries })
            }
            // A leaf is never named before its parents: those that are missing now went later, by other hands.
            (Order::ParentsFirst, true) => none(Action::Finished),
            (_, false) if !landed.values().any(|landed| *landed) => none(Action::Removed),
            (_, false) => {
                let entries = journal.links.into_iter().filter(|entry| !missing(entry)).collect();
                Ok(Self { action: Action::RolledBack, entries })
            }
        }
    }

    fn vdis(&self) -> Vec<Uuid> {
        self.entries.iter().map(|entry| entry.uuid).collect()
    }
}

/// Does what is to be done, and removes the staging area.
fn end(sr: &Repository, staging: Staging, patience: Duration) -> Result<(Action, Vec<Uuid>), Error> {
    let ended = Plan::of(sr, staging.dir()).and_then(|plan| match plan.action {
        Action::RolledBack => roll_back(sr, &staging, patience),
        Action::RolledForward => roll_forward(sr, &staging, patience),
        Action::Finished => Ok(sr.dir().sync().map(|()| (plan.action, Vec::new()))?),
        other => Ok((other, Vec::new())),
    });
    match ended {
        Ok(ended) => {
            staging.remove()?;
            Ok(ended)
        }
        // The next one needs the journal.
        Err(error) => {
            staging.abandon();
            Err(error)
        }
    }
}

fn roll_back(sr: &Repository, staging: &Staging, patience: Duration) -> Result<(Action, Vec<Uuid>), Error> {
    // A collection that is running may have seen them, and would remove what lands under their names later.
    let _exclusion = Exclusion::take(sr, Collector::MustNot, patience)?;
    sr.require_same()?;
    // While we waited, they may have been removed as garbage.
    let plan = Plan::of(sr, staging.dir())?;
    let vdis = plan.vdis();
    let tree = Tree::read(sr)?;
    let kept = tree
        .nodes
        .values()
        .find(|node| node.parent.is_some_and(|parent| vdis.contains(&parent)) && !vdis.contains(&node.uuid));
    if let Some(child) = kept {
        // The leaf was there once: somebody has made another of its parents, and removed it.
        tracing::warn!(%child.uuid, "a chain that came in by halves has a child: it is kept");
        return Ok((Action::Finished, Vec::new()));
    }
    take_back(sr, &plan.entries.iter().collect::<Vec<_>>())?;
    Ok((plan.action, vdis))
}

fn roll_forward(
    sr: &Repository,
    staging: &Staging,
    patience: Duration,
) -> Result<(Action, Vec<Uuid>), Error> {
    let _exclusion = Exclusion::take(sr, Collector::MayRun, patience)?;
    sr.require_same()?;
    let plan = Plan::of(sr, staging.dir())?;
    let mut vdis = Vec::new();
    for entry in &plan.entries {
        if staging.dir().stat(&entry.staged)?.is_none() {
            // Landed by a rename, and removed since.
            continue;
        }
        publish_one(sr, staging, entry)?;
        vdis.push(entry.uuid);
    }
    sr.dir().sync()?;
    Ok((plan.action, vdis))
}
