//! Moving a finished chain into the SR: parents first, leaf last, never over anything.
//!
//! The leaf's name is the commit point. Until it appears, all that is in the SR are hidden files without a child, which
//! the storage manager does not show and its garbage collector removes; from then on the chain is whole. Everything in
//! the files is durable before the first name appears, so is the journal, and so is every name before the leaf's. The
//! order is the other way round where our locks do not count: see [`Order`].

use uuid::Uuid;

use super::error::Error;
use super::exclusion::{self, Collector, Exclusion};
use super::identity::Identity;
use super::journal::{Entry, Journal, Order};
use super::repository::{Repository, vdi_file_name};
use super::staging::Staging;
use crate::os::{self, Published};

/// A file on its way from staging into the SR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The VDI it becomes.
    pub uuid: Uuid,
    /// Its name in the staging area.
    pub staged: String,
}

/// Lands `chain`, leaf first as given, and removes the staging area. On failure nothing of it is left in the SR. Just
/// before the commit point, when nothing but that is left to do, `last` is called with
/// what its files will be known by, leaf first.
///
/// # Errors
/// A name is taken, the storage manager's locks could not be had, or the system refused.
pub fn land(
    sr: &Repository,
    staging: Staging,
    chain: &[Arrival],
    last: impl FnOnce(&[Identity]),
) -> Result<(), Error> {
    let journal = intend(sr, &staging, chain)?;
    let file = journal.write(staging.dir())?;
    // The journal is as durable as the name of the directory that it is in.
    sr.dir().sync()?;
    let exclusion = Exclusion::take(sr, Collector::MayRun, sr.policy().patience)?;
    sr.require_same()?;
    journal.links.iter().try_for_each(|entry| sr.require_free(entry.uuid))?;
    if let Err(error) = publish(&journal, sr, &staging, last) {
        let links: Vec<&Entry> = journal.links.iter().collect();
        if let Err(left) = take_back(sr, &links) {
            tracing::error!(error = %left, "could not take back what has landed; the next run or a recovery will");
            staging.abandon();
        }
        return Err(error);
    }
    drop(exclusion);
    if let Err(error) = Journal::commit(&file) {
        tracing::debug!(%error, "the journal does not say that the chain is in; that its leaf is says the same");
    }
    drop(file);
    // The chain is in: what is left of the staging area is second names of its files.
    if let Err(error) = staging.remove() {
        tracing::warn!(%error, "the chain is in the SR, but its staging area is left");
    }
    Ok(())
}

fn intend(sr: &Repository, staging: &Staging, chain: &[Arrival]) -> Result<Journal, Error> {
    let mut links = Vec::new();
    for Arrival { uuid, staged } in chain {
        let file = staging.dir().open_file(staged, false)?;
        let known = file.metadata().and_then(|metadata| Ok((metadata.len(), Identity::of(&file)?)));
        let (size, identity) = known.map_err(os::Error::at("examining", staging.dir().join(staged)))?;
        links.push(Entry { uuid: *uuid, staged: staged.clone(), identity, size });
    }
    Ok(Journal { order: exclusion::order(sr)?, links, committed: false })
}

fn publish(
    journal: &Journal,
    sr: &Repository,
    staging: &Staging,
    last: impl FnOnce(&[Identity]),
) -> Result<(), Error> {
    let Some((leaf, parents)) = journal.links.split_first() else { return Ok(()) };
    let identities: Vec<Identity> = journal.links.iter().map(|entry| entry.identity).collect();
    match journal.order {
        Order::ParentsFirst => {
            parents.iter().rev().try_for_each(|parent| publish_one(sr, staging, parent))?;
            if !parents.is_empty() {
                sr.dir().sync()?;
            }
            last(&identities);
            publish_one(sr, staging, leaf)?;
        }
        Order::LeafFirst => {
            last(&identities);
            publish_one(sr, staging, leaf)?;
            parents.iter().try_for_each(|parent| publish_one(sr, staging, parent))?;
        }
    }
    sr.dir().sync()?;
    journal.links.iter().try_for_each(|entry| require_landed(sr, entry))
}

/// The name leads to the file that was put there.
fn require_landed(sr: &Repository, entry: &Entry) -> Result<(), Error> {
    let found = match sr.inode(entry.uuid)? {
        Some(inode) if inode == entry.identity.inode => return Ok(()),
        Some(_) => "another",
        None => "nothing",
    };
    Err(Error::Vanished { path: sr.dir().join(&vdi_file_name(entry.uuid)), found })
}

/// Gives a staged file its name in the SR.
pub(super) fn publish_one(sr: &Repository, staging: &Staging, entry: &Entry) -> Result<(), Error> {
    let name = vdi_file_name(entry.uuid);
    match os::publish(staging.dir(), &entry.staged, sr.dir(), &name) {
        Ok(how) => {
            tracing::debug!(%name, linked = how == Published::Linked, "landed");
            Ok(())
        }
        // A server that was asked twice says so of what it has done itself.
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            if sr.inode(entry.uuid)? == Some(entry.identity.inode) {
                return Ok(());
            }
            Err(Error::Taken { uuid: entry.uuid, path: sr.dir().join(&name) })
        }
        Err(e) => Err(os::Error::at("landing", sr.dir().join(&name))(e).into()),
    }
}

/// Takes files that landed out of the SR again, the leaf first so that it never stands without its parents. A name that
/// leads to another file is not ours to remove.
pub(super) fn take_back(sr: &Repository, leaf_first: &[&Entry]) -> Result<(), Error> {
    for entry in leaf_first {
        if sr.inode(entry.uuid)? == Some(entry.identity.inode) {
            sr.dir().unlink(&vdi_file_name(entry.uuid))?;
        }
    }
    Ok(sr.dir().sync()?)
}
