//! What a landing is about to do, durable before it begins: so that whoever comes after a crash knows how to end it.
//!
//! The file is a line of JSON, and a second one once the chain is in the SR for good. A line without its end was being
//! written when the power went: it counts as not there. A whole line that makes no sense is another version's: then nothing
//! is known, and nothing is touched.

use std::fs::File;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::Error;
use super::identity::Identity;
use crate::os::{self, Dir};

/// Its name in the staging area.
pub(super) const NAME: &str = "journal";
/// Longer than any journal.
const LONGEST: u64 = 64 << 10;
/// The second line.
const COMMITTED: &str = "committed";

/// In which order the names of a chain appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Hidden parents, base first; the leaf's name is the commit point. Undone by recovery. Needs the storage manager's
    /// locks: its garbage collector removes hidden files without a child.
    ParentsFirst,
    /// The leaf, then its parents. Completed by recovery. For a host whose locks do not count: nothing can be taken for
    /// garbage at any time, but a scan in between finds a leaf without its parents.
    LeafFirst,
}

/// A file that is to become a VDI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) uuid: Uuid,
    pub(super) staged: String,
    #[serde(flatten)]
    pub(super) identity: Identity,
    /// Bytes.
    pub(super) size: u64,
}

/// The landing of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) order: Order,
    /// Leaf first.
    pub(super) links: Vec<Entry>,
    #[serde(skip)]
    pub(super) committed: bool,
}

impl Journal {
    /// Writes it into the staging area `dir`, durably.
    pub(super) fn write(&self, dir: &Dir) -> Result<File, Error> {
        let path = dir.join(NAME);
        let mut text =
            serde_json::to_vec(self).map_err(|e| os::Error::at("writing", &path)(std::io::Error::from(e)))?;
        text.push(b'\n');
        let mut file = dir.create(NAME)?;
        file.write_all(&text).map_err(os::Error::at("writing", &path))?;
        file.sync_all().map_err(os::Error::at("syncing", &path))?;
        dir.sync()?;
        Ok(file)
    }

    /// Notes in `file` that the chain is in for good.
    pub(super) fn commit(mut file: &File) -> std::io::Result<()> {
        file.write_all(format!("{COMMITTED}\n").as_bytes())?;
        file.sync_all()
    }

    /// The journal in the staging area `dir`, if it has one.
    pub(super) fn read(dir: &Dir) -> Result<Option<Self>, Error> {
        let file = match dir.open_file(NAME, false) {
            Ok(file) => file,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut text = Vec::new();
        file.take(LONGEST).read_to_end(&mut text).map_err(os::Error::at("reading", dir.join(NAME)))?;
        Self::parse(&text).map_err(|Senseless| Error::Journal { path: dir.join(NAME) })
    }

    /// The journal that `text` spells; `None` when its first line has no end.
    fn parse(text: &[u8]) -> Result<Option<Self>, Senseless> {
        let Some(end) = text.iter().position(|byte| *byte == b'\n') else {
            return if text.len() as u64 == LONGEST { Err(Senseless) } else { Ok(None) };
        };
        let mut journal: Self = serde_json::from_slice(&text[..end]).map_err(|_| Senseless)?;
        let staged = |entry: &Entry| !entry.staged.is_empty() && !entry.staged.contains(['/', '\0']);
        if journal.links.is_empty() || !journal.links.iter().all(staged) {
            return Err(Senseless);
        }
        journal.committed = text[end + 1..] == *format!("{COMMITTED}\n").as_bytes();
        Ok(Some(journal))
    }
}

/// Text that no version of ours could have written.
#[derive(Debug, PartialEq, Eq)]
struct Senseless;

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        let identity = Identity { inode: 9, footer_uuid: None };
        let entry = Entry { uuid: Uuid::from_u128(7), staged: "7.vhd".into(), identity, size: 10 };
        Journal { order: Order::ParentsFirst, links: vec![entry], committed: false }
    }

    #[test]
    fn is_read_as_it_was_written() {
        let place = tempfile::tempdir().unwrap();
        let dir = Dir::open(place.path()).unwrap();
        assert_eq!(Journal::read(&dir).unwrap(), None);
        let file = journal().write(&dir).unwrap();
        assert_eq!(Journal::read(&dir).unwrap(), Some(journal()));
        Journal::commit(&file).unwrap();
        assert_eq!(Journal::read(&dir).unwrap(), Some(Journal { committed: true, ..journal() }));
    }

    #[test]
    fn cut_off_anywhere_it_says_no_more_than_was_written() {
        let mut text = serde_json::to_vec(&journal()).unwrap();
        text.push(b'\n');
        let whole = text.len();
        text.extend(b"committed\n");
        for end in 0..=text.len() {
            let expected = (end >= whole).then(|| Journal { committed: end == text.len(), ..journal() });
            assert_eq!(Journal::parse(&text[..end]), Ok(expected), "{end} bytes");
        }
    }

    #[test]
    fn what_makes_no_sense_is_not_taken_for_nothing() {
        let mut elsewhere = journal();
        elsewhere.links[0].staged = "../7.vhd".into();
        let elsewhere = serde_json::to_string(&elsewhere).unwrap();
        let endless = "x".repeat(usize::try_from(LONGEST).unwrap());
        for text in
            ["\n", "{}\n", "{\"order\":\"leaf-first\",\"links\":[]}\n", &format!("{elsewhere}\n"), &endless]
        {
            assert_eq!(Journal::parse(text.as_bytes()), Err(Senseless), "{text:.80}");
        }
    }
}
