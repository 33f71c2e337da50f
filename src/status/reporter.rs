//! The one transfer of this process, telling how far it is.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::board::{Board, now};
use super::error::Error;
use super::file::{asked, make_room};
use super::rate::Rate;
use super::record::{Record, State};
use super::subject::Subject;
use crate::log::{cut, id, presentable};
use crate::os::{self, Lock};
use crate::pipeline::{Progress, Stage};

/// How often the record is written at most, and how often it is looked whether somebody wants an end.
const TICK: Duration = Duration::from_millis(250);
/// Most bytes of a reason that are kept.
pub(super) const WHY: usize = 1200;

/// Tells how far a transfer is until it is dropped. Where nothing can be written it does nothing.
pub struct Reporter(Option<Live>);

struct Live {
    told: Arc<Told>,
    /// Writes what has changed, now and then.
    ticker: Option<JoinHandle<()>>,
}

/// What both threads know.
struct Told {
    /// Bytes of the stage that is going on.
    bytes: AtomicU64,
    state: Mutex<Telling>,
    /// For the ticker, which is woken at the end.
    ended: Condvar,
    lock: Lock,
}

struct Telling {
    record: Record,
    began: Instant,
    rate: Rate,
    /// Bytes of the stages before.
    before: u64,
    /// The record as it was written last.
    written: Record,
}

impl Reporter {
    /// Begins to tell of `subject`, below the state directory `state`.
    #[must_use]
    pub fn begin(state: &Path, subject: Subject) -> Self {
        match Live::begin(state, subject) {
            Ok(live) => Self(Some(live)),
            Err(error) => {
                tracing::debug!(error = os::in_full(&error), "there is no status of this");
                Self(None)
            }
        }
    }

    /// The work has ended, or failed for the reason `why`.
    pub fn end(mut self, why: Option<&str>) {
        self.finish(why);
    }

    fn finish(&mut self, why: Option<&str>) {
        if let Some(live) = self.0.take() {
            live.end(why);
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.finish(Some("a bug in vhd-porter: it panicked"));
    }
}

impl Progress for Reporter {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        if let Some(live) = &self.0 {
            live.told.stage(stage, total);
        }
    }

    fn advance(&self, bytes: u64) {
        if let Some(live) = &self.0 {
            live.told.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

impl Live {
    fn begin(state: &Path, subject: Subject) -> Result<Self, Error> {
        let lock = Board::create(state)?.enter(id())?;
        let record = first(subject);
        make_room(lock.file())
            .and_then(|()| write(lock.file(), &record))
            .map_err(os::Error::at("writing the status in", state))?;
        let (began, written) = (Instant::now(), record.clone());
        let state = Mutex::new(Telling { record, began, rate: Rate::new(began), before: 0, written });
        let told = Arc::new(Told { bytes: AtomicU64::new(0), state, ended: Condvar::new(), lock });
        let shared = Arc::clone(&told);
        // Without it there is a beginning and an end.
        let ticker = thread::Builder::new().name("status".into()).spawn(move || shared.tick()).ok();
        Ok(Self { told, ticker })
    }

    fn end(self, why: Option<&str>) {
        self.told.end(why);
        if let Some(ticker) = self.ticker {
            // It does not panic; if it did, there is nothing to do about it.
            let _ = ticker.join();
        }
    }
}

impl Told {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        let mut telling = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        telling.before += self.bytes.swap(0, Ordering::Relaxed);
        telling.record.stage = Some(stage.says().to_owned());
        telling.record.total = total;
        telling.rate = Rate::new(Instant::now());
    }

    /// Until the end, writes what has changed, and looks whether somebody wants an end.
    fn tick(&self) {
        let mut wanted = false;
        let mut telling = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have ended before this thread began.
        while telling.record.ended.is_none() {
            let waited = self.ended.wait_timeout(telling, TICK);
            telling = waited.unwrap_or_else(PoisonError::into_inner).0;
            if telling.record.ended.is_some() {
                return;
            }
            telling.update(self.bytes.load(Ordering::Relaxed));
            telling.write(self.lock.file());
            if let Some(who) = asked(self.lock.file()).filter(|_| !wanted) {
                wanted = true;
                tracing::info!("asked to stop by {who}");
                if let Err(error) = os::stop::ask() {
                    tracing::warn!(%error, "could not stop");
                }
            }
        }
    }

    fn end(&self, why: Option<&str>) {
        let mut telling = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        telling.end(self.bytes.load(Ordering::Relaxed), why);
        telling.write(self.lock.file());
        drop(telling);
        self.ended.notify_all();
    }
}

impl Telling {
    fn update(&mut self, bytes: u64) {
        self.record.bytes = bytes;
        self.record.rate = self.rate.at(Instant::now(), bytes);
    }

    fn end(&mut self, bytes: u64, why: Option<&str>) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let record = &mut self.record;
        record.ended = Some(now());
        record.why = why.map(|why| cut(presentable(why), WHY));
        match why {
            None => {
                let bytes = self.before.saturating_add(bytes);
                record.state = State::Done;
                (record.bytes, record.stage, record.total) = (bytes, None, None);
                record.rate = bytes.saturating_mul(1000) / millis;
            }
            Some(_) => {
                record.state = if os::stop::check().is_err() { State::Stopped } else { State::Failed };
                (record.bytes, record.rate) = (bytes, 0);
            }
        }
    }

    /// Writes the record if anything in it is new. Failing is silent: who reads sees when it was written last.
    fn write(&mut self, file: &File) {
        self.record.updated = self.written.updated;
        if self.record == self.written {
            return;
        }
        self.record.updated = now();
        let _ = write(file, &self.record);
        self.written = self.record.clone();
    }
}

/// Of a transfer that begins.
fn first(subject: Subject) -> Record {
    let Subject { what, source, target, sr, vdis } = subject;
    let now = now();
    Record {
        id: id().to_owned(),
        what,
        pid: std::process::id(),
        state: State::Running,
        why: None,
        source,
        target,
        sr,
        vdis,
        stage: None,
        bytes: 0,
        total: None,
        rate: 0,
        eta: None,
        started: now,
        updated: now,
        ended: None,
        seconds: 0,
    }
}

fn write(file: &File, record: &Record) -> std::io::Result<()> {
    record.seal().map_or(Ok(()), |text| file.write_all_at(&text, 0))
}
