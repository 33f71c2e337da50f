//! What a file system can do of what landing a chain asks for, found out by doing it.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use super::dir::Dir;
use super::duplicate::reflink;
use super::error::Error;
use super::lock::Lock;
use super::publish::{keeps_from_replacing, link};

/// Bytes that are written, and the length of a hole.
const LENGTH: usize = 1 << 20;

/// What a file system can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// A file can have a second name.
    pub hard_links: bool,
    /// A rename can be kept from replacing what is there.
    pub no_replace: bool,
    /// Files can share their storage until one is written.
    pub shared_storage: bool,
    /// What was never written takes no room.
    pub holes: bool,
    /// A record lock that one holds keeps others out.
    pub locks: bool,
    /// How far the clock that dates its files is ahead of ours, seconds.
    pub clock_ahead: i64,
}

impl Abilities {
    /// Tries everything with new files in `dir`, which stay there for whoever made it to remove.
    ///
    /// # Errors
    /// The system refused something that every file system can do.
    pub fn probe(dir: &Dir) -> Result<Self, Error> {
        let (file, copy) = (dir.create("probe")?, dir.create("probe.copy")?);
        let clock_ahead = write(dir, &file)?;
        let hard_links = match link(dir, "probe", dir, "probe.link") {
            Ok(()) => true,
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
                false
            }
            Err(error) => return Err(Error::at("linking", dir.join("probe"))(error)),
        };
        let renamed = keeps_from_replacing(dir, "probe", "probe.copy");
        Ok(Self {
            hard_links,
            no_replace: renamed.map_err(Error::at("renaming", dir.join("probe")))?,
            shared_storage: reflink(&file, &copy).is_ok(),
            holes: keeps_holes(dir)?,
            locks: excludes(dir)?,
            clock_ahead,
        })
    }
}

/// Writes a file through to the disk; how far its time is ahead of the host's.
fn write(dir: &Dir, mut file: &File) -> Result<i64, Error> {
    let written = file.write_all(&[0x5a; LENGTH]).and_then(|()| file.sync_all());
    written.map_err(Error::at("writing", dir.join("probe")))?;
    let metadata = file.metadata().map_err(Error::at("examining", dir.join("probe")))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(metadata.mtime().saturating_sub(i64::try_from(now).unwrap_or(i64::MAX)))
}

fn keeps_holes(dir: &Dir) -> Result<bool, Error> {
    let file = dir.create("probe.hole")?;
    file.set_len(LENGTH as u64).map_err(Error::at("growing", dir.join("probe.hole")))?;
    let metadata = file.metadata().map_err(Error::at("examining", dir.join("probe.hole")))?;
    Ok(metadata.blocks() * 512 < LENGTH as u64)
}

/// Locks belong to open files: two of this process stand for two processes.
fn excludes(dir: &Dir) -> Result<bool, Error> {
    let held = Lock::try_take(dir, "probe.lock")?;
    Ok(held.is_some() && Lock::try_take(dir, "probe.lock")?.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_of_this_host_has_what_landing_asks_for() {
        let place = tempfile::tempdir().unwrap();
        let found = Abilities::probe(&Dir::open(place.path()).unwrap()).unwrap();
        assert!(found.hard_links && found.no_replace && found.holes && found.locks, "{found:?}");
        assert!((-2..=2).contains(&found.clock_ahead), "{found:?}");
    }
}
