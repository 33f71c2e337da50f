//! Held for moments while staging areas come or are looked at, so that nobody sees one half made.

use super::error::Error;
use super::repository::Repository;
use crate::os::Lock;

/// The lock's file, in the SR's root for as long as it is held.
const NAME: &str = ".vhd-porter.gate";

/// The gate of an SR. It works across hosts, as far as the file system carries record locks.
#[derive(Debug)]
pub(super) struct Gate<'a> {
    sr: &'a Repository,
    _lock: Lock,
}

impl<'a> Gate<'a> {
    /// Waits for it, as long as the policy allows.
    pub(super) fn enter(sr: &'a Repository) -> Result<Self, Error> {
        match Lock::wait(sr.dir(), NAME, sr.policy().patience)? {
            Some(lock) => Ok(Self { sr, _lock: lock }),
            None => Err(Error::Locked { what: sr.dir().join(NAME), patience: sr.policy().patience }),
        }
    }

    /// Removes the file that one who died in the gate has left.
    pub(super) fn sweep(sr: &Repository) -> Result<(), Error> {
        if sr.dir().stat(NAME)?.is_some() {
            drop(Gate::enter(sr)?);
        }
        Ok(())
    }
}

impl Drop for Gate<'_> {
    fn drop(&mut self) {
        // While it is held: whoever waits for it finds it gone, and makes a new one.
        if let Err(error) = self.sr.dir().unlink(NAME) {
            tracing::warn!(%error, "the gate's file is left");
        }
    }
}
