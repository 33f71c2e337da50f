//! The directory with the status of all transfers of this host.

use std::cmp::Reverse;
use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::error::Error;
use super::file::{self, ask, id_of, look};
use super::record::{Record, State};
use crate::os::{self, Dir, Lock};

/// Its name in the state directory.
const NAME: &str = "status";
/// How long the record of a transfer is kept after its end.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Most records of transfers that have ended.
const MOST: usize = 200;
/// How often a transfer that was asked to stop is looked at.
const PAUSE: Duration = Duration::from_millis(50);
/// How like an id has to be to what was asked for, to be suggested.
const LIKENESS: f64 = 0.6;

/// The status of all transfers.
#[derive(Debug)]
pub struct Board(Dir);

impl Board {
    /// The board below the state directory `state`; `None` when there is none.
    ///
    /// # Errors
    /// It may not be read, or others may write to it.
    pub fn open(state: &Path) -> Result<Option<Self>, Error> {
        match Dir::open(state).and_then(|state| state.open_dir(NAME)) {
            Ok(dir) => Self::of(dir).map(Some),
            // A file where the directory should be: nobody has made one.
            Err(error) if error.is_missing() || is_no_directory(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, made where there is none.
    pub(super) fn create(state: &Path) -> Result<Self, Error> {
        let path = state.join(NAME);
        let mut private = DirBuilder::new();
        private.recursive(true).mode(0o700);
        os::again(|| private.create(&path)).map_err(os::Error::at("creating", &path))?;
        Self::of(Dir::open(state)?.open_dir(NAME)?)
    }

    fn of(dir: Dir) -> Result<Self, Error> {
        let stat = rustix::fs::fstat(&dir).map_err(os::Error::at("examining", dir.path()))?;
        let (us, mode) = (rustix::process::geteuid().as_raw(), stat.st_mode & 0o7777);
        if stat.st_uid != us || mode & 0o022 != 0 {
            let path = dir.path().display().to_string();
            return Err(Error::Foreign { path, us, uid: stat.st_uid, mode });
        }
        Ok(Self(dir))
    }

    /// All that is known: what runs first, the oldest of those first; then what has ended, the latest first.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn records(&self) -> Result<Vec<Record>, Error> {
        let now = now();
        let ids = self.ids()?;
        let mut records: Vec<Record> =
            ids.iter().filter_map(|id| look(&self.0, id)).map(|record| record.at(now)).collect();
        records.sort_by_cached_key(|record| match record.state {
            State::Running => (false, Reverse((0, 0)), record.started),
            // To the second they may be the same.
            _ => (true, Reverse(self.written(&record.id)), 0),
        });
        Ok(records)
    }

    /// When the file of `id` was written last: seconds and nanoseconds.
    fn written(&self, id: &str) -> (i64, u64) {
        let stat = self.0.stat(&file::name(id)).ok().flatten();
        stat.map_or((0, 0), |stat| (stat.st_mtime, stat.st_mtime_nsec))
    }

    /// The transfer whose id begins with `prefix`. Of several, the one that runs is meant.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find(&self, prefix: &str) -> Result<Record, Error> {
        let all = self.records()?;
        let alike: Vec<&Record> =
            all.iter().filter(|record| !prefix.is_empty() && record.id.starts_with(prefix)).collect();
        let running: Vec<&&Record> = alike.iter().filter(|record| record.state == State::Running).collect();
        match (&alike[..], &running[..]) {
            ([one], _) => Ok((*one).clone()),
            (_, [one]) => Ok((**one).clone()),
            ([], _) => Err(Error::Unknown { id: prefix.to_owned(), nearest: nearest(prefix, &all) }),
            _ => {
                let ids = alike.iter().map(|record| record.id.clone()).collect();
                Err(Error::Ambiguous { prefix: prefix.to_owned(), ids })
            }
        }
    }

    /// Asks the transfer whose id begins with `prefix` to stop, and waits for that as long as `patience` lasts; returns what
    /// is known of it then. One that has ended already is as it is. `who` asks is told in its log.
    ///
    /// # Errors
    /// As [`Self::find`], or the system refused, or a signal came meanwhile.
    pub fn stop(&self, prefix: &str, who: &str, patience: Duration) -> Result<Record, Error> {
        let record = self.find(prefix)?;
        let name = file::name(&record.id);
        if record.state == State::Running {
            let at = || os::Error::at("asking for its end in", self.0.join(&name));
            let open = self.0.open_file(&name, true)?;
            ask(&open, who).map_err(at())?;
        }
        let start = Instant::now();
        loop {
            match look(&self.0, &record.id) {
                Some(record) if record.state != State::Running || start.elapsed() >= patience => {
                    return Ok(record.at(now()));
                }
                Some(_) => {}
                // Somebody has swept up meanwhile.
                None => return Ok(record),
            }
            os::stop::check().map_err(os::Error::at("waiting for the end in", self.0.join(&name)))?;
            thread::sleep(PAUSE);
        }
    }

    /// Makes the file of a transfer of ours, locked for as long as it lives; removes those that are too old, or too many.
    pub(super) fn enter(&self, id: &str) -> Result<Lock, Error> {
        self.sweep();
        let name = file::name(id);
        let at = |doing| os::Error::at(doing, self.0.join(&name));
        let new = self.0.create(&name)?;
        new.set_permissions(Permissions::from_mode(0o600)).map_err(at("setting the mode of"))?;
        let lock = Lock::try_take(&self.0, &name)?;
        let taken = || std::io::Error::other("somebody else holds the lock of a new file");
        Ok(lock.ok_or_else(|| at("locking")(taken()))?)
    }

    /// Removes the records of transfers that ended long ago, and the oldest of those that are too many; and whatever else
    /// has such a name. What cannot be removed stays, and does no harm.
    fn sweep(&self) {
        let mut files: Vec<(SystemTime, String)> = Vec::new();
        for id in self.ids().unwrap_or_default() {
            let name = file::name(&id);
            let Ok(Some(stat)) = self.0.stat(&name) else { continue };
            let written = u64::try_from(stat.st_mtime).unwrap_or_default();
            files.push((UNIX_EPOCH + Duration::from_secs(written), name));
        }
        files.sort_unstable_by(|one, other| other.cmp(one));
        let now = SystemTime::now();
        let old = |time: SystemTime| now.duration_since(time).is_ok_and(|age| age > KEPT);
        for (index, (time, name)) in files.into_iter().enumerate() {
            if (index >= MOST || old(time)) && !self.is_alive(&name) {
                let _ = self.0.unlink(&name);
            }
        }
    }

    /// Whether a transfer holds the lock of this file. What is no file has none.
    fn is_alive(&self, name: &str) -> bool {
        let open: Option<File> = self.0.open_file(name, false).ok();
        open.is_some_and(|file| Lock::is_held_of(&file).unwrap_or(true))
    }

    fn ids(&self) -> Result<Vec<String>, Error> {
        let names = self.0.names()?;
        Ok(names.iter().filter_map(|name| id_of(name.to_str()?)).map(str::to_owned).collect())
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn is_no_directory(error: &os::Error) -> bool {
    error.source.kind() == std::io::ErrorKind::NotADirectory
}

/// The id that was probably meant; of equally likely ones, one that runs.
fn nearest(asked: &str, records: &[Record]) -> Option<String> {
    let likeness = |record: &Record| strsim::normalized_damerau_levenshtein(asked, &record.id);
    let likely = records.iter().map(|record| (likeness(record), record));
    let likely = likely.filter(|(likeness, _)| *likeness >= LIKENESS).rev();
    likely.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, record)| record.id.clone())
}

#[cfg(test)]
mod tests;
