//! Staging areas as they are seen by somebody who only reads: without the gate, and without a trace.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::claim::Owner;
use super::error::Error;
use super::repository::Repository;
use super::staging;
use crate::os;

/// An area this young may be one whose owner has not claimed it yet.
const YOUNG: Duration = Duration::from_secs(60);

/// A staging area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Area {
    /// Its name in the SR.
    pub directory: String,
    /// Who made it.
    pub owner: Owner,
    /// Whether somebody is at work in it, or may be: else it was left by a run that died.
    pub in_work: bool,
    /// What its files occupy, bytes, but for those that are VDIs as well.
    pub occupied_size: u64,
    /// Why nothing else is known of it.
    pub problem: Option<String>,
}

/// Lists the staging areas in `sr`, and changes nothing.
///
/// # Errors
/// The SR cannot be listed.
pub fn areas(sr: &Repository) -> Result<Vec<Area>, Error> {
    let mut areas = Vec::new();
    for directory in staging::all(sr)? {
        let seen = match staging::look(sr, &directory) {
            Ok(Some(seen)) => Ok(seen),
            Ok(None) => continue,
            Err(error) => Err(os::in_full(&error)),
        };
        let written = std::fs::symlink_metadata(sr.dir().join(&directory));
        let written = written.and_then(|metadata| metadata.modified());
        let young =
            written.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age < YOUNG));
        let (owner, alive, problem) = match seen {
            Ok(seen) => (seen.owner, seen.alive, None),
            Err(problem) => (Owner::default(), false, Some(problem)),
        };
        let opened = staging::open(sr, &directory).ok().flatten();
        let occupied_size = opened.map_or(0, |dir| os::occupied_in(&dir));
        areas.push(Area { directory, owner, in_work: alive || young, occupied_size, problem });
    }
    Ok(areas)
}
