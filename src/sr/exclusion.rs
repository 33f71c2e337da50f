//! Keeping the storage manager's scan and garbage collector out of an SR while the files of a chain come or go.
//!
//! The storage manager locks `<sr uuid>/sr` for every command and every round of its garbage collector, and
//! `<sr uuid>/gc_active` while a collector runs (sm `core/lock.py`, `cleanup.py` `LockActive`). Both are taken in its order.
//! They are of this host only: on an SR that hosts share, those of the pool's master count.

use std::time::{Duration, Instant};

use super::error::Error;
use super::gate::Gate;
use super::journal::Order;
use super::repository::Repository;
use crate::os::{Dir, Error as OsError, Lock, again};

const SR: &str = "sr";
const COLLECTOR: &str = "gc_active";
/// How often a collection that is running is asked after.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether the garbage collector may be at work while we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collector {
    /// Yes: what comes is new to it, and whole when it looks again.
    MayRun,
    /// No: it may have seen what goes, and would act on that.
    MustNot,
}

/// The locks, held until it is dropped.
pub(super) struct Exclusion<'a> {
    _sr: Option<Lock>,
    _collector: Option<Lock>,
    /// On a host without a storage manager there are only others like us.
    _gate: Option<Gate<'a>>,
}

impl<'a> Exclusion<'a> {
    /// Waits for the locks of `sr`, as long as `patience` lasts.
    pub(super) fn take(sr: &'a Repository, collector: Collector, patience: Duration) -> Result<Self, Error> {
        let locks = &sr.policy().locks;
        let Some(uuid) = sr.uuid().filter(|_| locks.is_dir()) else {
            return Ok(Self { _sr: None, _collector: None, _gate: Some(Gate::enter(sr)?) });
        };
        let place = locks.join(uuid.to_string());
        again(|| std::fs::create_dir_all(&place)).map_err(OsError::at("creating", &place))?;
        let dir = Dir::open(&place)?;
        let taken = |name: &str, lock: Option<Lock>| {
            lock.ok_or_else(|| Error::Locked { what: dir.join(name), patience })
        };
        let lock = taken(SR, Lock::wait(&dir, SR, patience)?)?;
        let collector = match (Lock::try_take(&dir, COLLECTOR)?, collector) {
            (Some(lock), _) => Some(lock),
            (None, Collector::MayRun) => None,
            // It may wait for the lock that we hold.
            (None, Collector::MustNot) => {
                drop(lock);
                return Self::between_collections(&dir, patience);
            }
        };
        Ok(Self { _sr: Some(lock), _collector: collector, _gate: None })
    }

    /// Waits for the end of the collection that is running.
    fn between_collections(dir: &Dir, patience: Duration) -> Result<Self, Error> {
        let start = Instant::now();
        while start.elapsed() < patience {
            std::thread::sleep(PAUSE);
            if let Some(lock) = Lock::wait(dir, SR, patience.saturating_sub(start.elapsed()))?
                && let Some(collector) = Lock::try_take(dir, COLLECTOR)?
            {
                return Ok(Self { _sr: Some(lock), _collector: Some(collector), _gate: None });
            }
        }
        Err(Error::Locked { what: dir.join(COLLECTOR), patience })
    }
}

/// The order in which a chain is to land in `sr`, seen from this host.
pub(super) fn order(sr: &Repository) -> Result<Order, Error> {
    let shared = crate::os::is_shared(sr.dir())?;
    Ok(if shared && sr.policy().is_slave() { Order::LeafFirst } else { Order::ParentsFirst })
}
