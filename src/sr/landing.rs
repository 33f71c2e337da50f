//! Moving a finished chain into the SR: parents first, leaf last, never over anything.
//!
//! The leaf's name is the commit point. Until it appears, all that is in the SR are hidden files without a child, which
//! the storage manager does not show and its garbage collector removes; from then on the chain is whole. Everything in
//! the files is durable before the first name appears, and every name before the leaf's.

use uuid::Uuid;

use super::error::Error;
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

/// Lands `chain`, leaf first as given, and removes the staging area. On failure nothing of it is left in the SR.
///
/// # Errors
/// A name is taken, or the system refused.
pub fn land(sr: &Repository, staging: Staging, chain: &[Arrival]) -> Result<(), Error> {
    let mut landed = Landed { sr, names: Vec::new(), committed: false };
    for arrival in chain.iter().skip(1).rev() {
        landed.add(&staging, arrival)?;
    }
    if let Some(leaf) = chain.first() {
        if chain.len() > 1 {
            sr.dir().sync()?;
        }
        landed.add(&staging, leaf)?;
        sr.dir().sync()?;
    }
    landed.committed = true;
    drop(landed);
    // The chain is in: what is left of the staging area is second names of its files.
    if let Err(error) = staging.remove() {
        tracing::warn!(%error, "the chain is in the SR, but its staging area is left");
    }
    Ok(())
}

/// The names that have appeared so far; taken back when it is dropped uncommitted.
struct Landed<'a> {
    sr: &'a Repository,
    names: Vec<String>,
    committed: bool,
}

impl Landed<'_> {
    fn add(&mut self, staging: &Staging, arrival: &Arrival) -> Result<(), Error> {
        let name = vdi_file_name(arrival.uuid);
        match os::publish(staging.dir(), &arrival.staged, self.sr.dir(), &name) {
            Ok(how) => {
                tracing::debug!(%name, linked = how == Published::Linked, "landed");
                self.names.push(name);
                Ok(())
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Error::Taken { uuid: arrival.uuid, path: self.sr.dir().join(&name) })
            }
            Err(e) => Err(os::Error::at("landing", self.sr.dir().join(&name))(e).into()),
        }
    }
}

impl Drop for Landed<'_> {
    fn drop(&mut self) {
        if self.committed {
            return;
        }
        // Leaf first, so that no leaf stands without its parents.
        for name in self.names.iter().rev() {
            if let Err(error) = self.sr.dir().unlink(name) {
                tracing::error!(%error, "could not take back a landed file");
            }
        }
        if let Err(error) = self.sr.dir().sync() {
            tracing::error!(%error, "could not sync the SR after taking files back");
        }
    }
}
