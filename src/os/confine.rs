//! Giving up what is not needed: privileges to be gained, memory images to be left, places to write to.

use std::path::Path;

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus,
};
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

/// More than any run has open: 29 links, a few pipes and sockets.
const FILES: u64 = 1024;

/// Gives up, for good and for all children: privileges that a program could bring (`no_new_privs`), core dumps, which would
/// hold session references and guests' data, and more files than any run needs. What the system refuses stays as it is.
pub fn give_up_privileges() {
    let refused =
        |what: &str, error: rustix::io::Errno| tracing::debug!(what, %error, "could not be given up");
    if let Err(error) = rustix::thread::set_no_new_privs(true) {
        refused("new privileges", error);
    }
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        refused("core dumps", error);
    }
    let files = Some(getrlimit(Resource::Nofile).maximum.unwrap_or(FILES).min(FILES));
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: files, maximum: files }) {
        refused("open files", error);
    }
}

/// From here on, nobody else can open what is created, unless its mode is set.
pub fn create_privately() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// From here on, everybody can read what is created, and only its owner write it, unless its mode is set.
pub fn create_publicly() {
    umask(Mode::WGRP | Mode::WOTH);
}

/// From here on, this process, its threads and children can write below `places` only (and to `/dev/null`), whatever
/// their uid; they read and run what they could before. A place that is not there now cannot be made later. Must be
/// called before threads are started. Returns whether that is so: it needs Linux 5.19 with Landlock, where files can be
/// linked between directories that are allowed (Landlock ABI 2).
pub fn write_only_below(places: &[&Path]) -> bool {
    match restrict(places) {
        Ok(status) => status != RulesetStatus::NotEnforced,
        Err(error) => {
            tracing::debug!(%error, "this kernel does not confine writes");
            false
        }
    }
}

fn restrict(places: &[&Path]) -> Result<RulesetStatus, RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_write(ABI::V2))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_write(ABI::V3))?
        .create()?;
    for place in places.iter().copied().chain([Path::new("/dev/null")]) {
        match PathFd::new(place) {
            Ok(place) => rules = rules.add_rule(PathBeneath::new(place, AccessFs::from_write(ABI::V3)))?,
            Err(error) => tracing::debug!(place = %place.display(), %error, "nothing will be written there"),
        }
    }
    Ok(rules.restrict_self()?.ruleset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_end_at_the_places() {
        let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(place.path().join("deep")).unwrap();
        std::fs::write(other.path().join("known"), "x").unwrap();
        // Only this thread is confined, and with it what it starts.
        let confined = std::thread::scope(|scope| {
            let work = || {
                if !write_only_below(&[place.path(), Path::new("/nonexistent")]) {
                    return false;
                }
                std::fs::write(place.path().join("file"), "x").unwrap();
                std::fs::hard_link(place.path().join("file"), place.path().join("deep/link")).unwrap();
                std::fs::write("/dev/null", "x").unwrap();
                let known = other.path().join("known");
                assert_eq!(std::fs::read(&known).unwrap(), b"x");
                for refused in [
                    std::fs::write(other.path().join("new"), "x"),
                    std::fs::write(&known, "y"),
                    std::fs::remove_file(&known),
                    std::fs::create_dir(other.path().join("dir")),
                    std::fs::hard_link(&known, place.path().join("known")),
                ] {
                    assert!(refused.is_err());
                }
                true
            };
            scope.spawn(work).join().unwrap()
        });
        if !confined {
            eprintln!(
                "skipped: confined writes: because this kernel has no Landlock, or none that is new enough"
            );
        }
    }
}
