//! The record of a transfer, and how it stands in its file.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::log::presentable;

/// Bytes of a record in its file, always: what is not needed is blank, so that one write replaces all.
pub(super) const ROOM: usize = 8 << 10;
/// Digits of the checksum that stands before the JSON.
const DIGITS: usize = 8;

/// What is known of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is called: in the log, and to `cancel`.
    pub id: String,
    /// `plugin.function`, or the command of a run by hand.
    pub what: String,
    /// Its process.
    pub pid: u32,
    /// Whether it runs, or how it ended.
    pub state: State,
    /// Why it failed or was stopped.
    pub why: Option<String>,
    /// What is read, unless it is VDIs of the SR.
    pub source: Option<String>,
    /// What is written, unless it is VDIs of the SR.
    pub target: Option<String>,
    /// The directory of the SR.
    pub sr: Option<String>,
    /// The VDIs, leaf first, as far as they are known beforehand.
    pub vdis: Vec<Uuid>,
    /// The stage that is going on, or in which it ended; none when it is done.
    pub stage: Option<String>,
    /// Bytes of this stage that are through; of all stages when it is done.
    pub bytes: u64,
    /// Bytes that this stage has to go through, if that is known.
    pub total: Option<u64>,
    /// Bytes a second: in the last seconds, or on the whole when it is done.
    pub rate: u64,
    /// Seconds that this stage will go on for at this rate.
    pub eta: Option<u64>,
    /// When it began, seconds since 1970.
    pub started: u64,
    /// When this was written.
    pub updated: u64,
    /// When it ended.
    pub ended: Option<u64>,
    /// Seconds that it has been running for, or ran.
    pub seconds: u64,
}

/// Whether a transfer runs, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is at work.
    Running,
    /// It has done its work.
    Done,
    /// It could not.
    Failed,
    /// A signal stopped it, or somebody who asked for it.
    Stopped,
    /// It was killed, or the host went down; what it left is a recovery's.
    Died,
}

impl Record {
    /// As it stands in the file; `None` when there is no room for it, which its bounds prevent.
    pub(super) fn seal(&self) -> Option<Vec<u8>> {
        let json = serde_json::to_vec(self).ok()?;
        let mut text = format!("{:0DIGITS$x} ", crc32fast::hash(&json)).into_bytes();
        text.extend(json);
        let fits = text.len() < ROOM;
        text.resize(ROOM - 1, b' ');
        text.push(b'\n');
        fits.then_some(text)
    }

    /// What stands in a file. `None` for what is none, or was read while it was written.
    pub(super) fn unseal(text: &[u8]) -> Option<Self> {
        let (sum, json) = text.get(..ROOM)?.trim_ascii_end().split_at_checked(DIGITS)?;
        let json = json.strip_prefix(b" ")?;
        let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
        let record = (sum == crc32fast::hash(json)).then(|| serde_json::from_slice::<Self>(json).ok())??;
        Some(record.made_presentable())
    }

    /// Its texts were presentable when they were written; that nobody else has written since is not relied on.
    fn made_presentable(mut self) -> Self {
        let optional = [&mut self.why, &mut self.source, &mut self.target, &mut self.sr, &mut self.stage];
        let texts = optional.into_iter().flatten().chain([&mut self.what]);
        texts.for_each(|text| *text = presentable(text).replace('\n', " "));
        self
    }

    /// What follows from the rest, at this time.
    pub(super) fn at(mut self, now: u64) -> Self {
        let until = match self.state {
            State::Running => now,
            _ => self.ended.unwrap_or(self.updated),
        };
        self.seconds = until.saturating_sub(self.started);
        let running = self.state == State::Running;
        let left = self.total.map(|total| total.saturating_sub(self.bytes)).filter(|_| running);
        self.eta = left.and_then(|left| left.checked_div(self.rate));
        self
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn record() -> Record {
        Record {
            id: "5f3a09c2".into(),
            what: "porter.import_image".into(),
            pid: 1,
            state: State::Running,
            why: None,
            source: Some("http://h/é\"\\".into()),
            target: None,
            sr: Some("/sr".into()),
            vdis: vec![Uuid::from_u128(7)],
            stage: Some("unpacking".into()),
            bytes: 100,
            total: Some(300),
            rate: 10,
            eta: None,
            started: 1000,
            updated: 1010,
            ended: None,
            seconds: 0,
        }
    }

    #[test]
    fn what_is_sealed_is_read_back_and_nothing_else() {
        let sealed = record().seal().unwrap();
        assert_eq!((sealed.len(), Record::unseal(&sealed)), (ROOM, Some(record())));
        let with_request = [&sealed[..], b"a request"].concat();
        assert_eq!(Record::unseal(&with_request), Some(record()));
        for at in [0, 9, 40, 200] {
            let mut torn = sealed.clone();
            torn[at] ^= 1;
            assert_eq!(Record::unseal(&torn), None, "{at}");
        }
        assert_eq!(Record::unseal(&sealed[..ROOM - 1]), None);
        assert_eq!(Record::unseal(&vec![b' '; ROOM]), None);
        assert_eq!(Record::unseal(&vec![0xff; 2 * ROOM]), None);
        assert_eq!(Record::unseal(b""), None);
        let forged = Record { what: "a\x1b[2Jb\nc".into(), ..record() };
        assert_eq!(Record::unseal(&forged.seal().unwrap()).unwrap().what, "a\u{fffd}[2Jb c");
    }

    #[test]
    fn the_longest_record_has_room() {
        let subject = super::super::Subject::new(&"\\".repeat(9999))
            .source("\"".repeat(9999))
            .target("\\".repeat(9999))
            .sr("\"".repeat(9999).as_ref())
            .vdis(&[Uuid::nil(); 99]);
        let why = Some(crate::log::cut("\"".repeat(9999), super::super::reporter::WHY));
        let longest = Record {
            what: subject.what,
            source: subject.source,
            target: subject.target,
            sr: subject.sr,
            vdis: subject.vdis,
            why,
            stage: Some("relinking and checking".into()),
            bytes: u64::MAX,
            total: Some(u64::MAX),
            rate: u64::MAX,
            eta: Some(u64::MAX),
            started: u64::MAX,
            updated: u64::MAX,
            ended: Some(u64::MAX),
            seconds: u64::MAX,
            pid: u32::MAX,
            ..record()
        };
        assert!(longest.seal().is_some());
    }

    #[test]
    fn times_follow_from_the_clock_while_it_runs() {
        let running = record().at(1030);
        assert_eq!((running.seconds, running.eta), (30, Some(20)));
        let died = Record { state: State::Died, ..record() }.at(5000);
        assert_eq!((died.seconds, died.eta), (10, None));
        assert_eq!(Record { rate: 0, ..record() }.at(1030).eta, None);
        assert_eq!(Record { started: 9999, bytes: 400, ..record() }.at(1030).seconds, 0);
    }
}
