//! The file of one transfer: seen from outside, and while it is read by its own transfer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::Duration;

use super::record::{ROOM, Record, State};
use crate::log::presentable;
use crate::os::{Dir, Lock};

/// What the names of such files end with.
const SUFFIX: &str = ".status";
/// Digits of an id.
const DIGITS: usize = 8;
/// Bytes behind the record, for a request.
const REQUEST: usize = 256;
/// How often a record is read that is just being written.
const TRIES: usize = 5;

/// The name of the file of `id`.
pub(super) fn name(id: &str) -> String {
    format!("{id}{SUFFIX}")
}

/// The id whose file has this name; `None` for every other name.
pub(super) fn id_of(name: &str) -> Option<&str> {
    let hexadecimal = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    name.strip_suffix(SUFFIX).filter(|id| id.len() == DIGITS && id.bytes().all(hexadecimal))
}

/// What is known of the transfer `id`; `None` where there is no record of it, whatever there is.
pub(super) fn look(dir: &Dir, id: &str) -> Option<Record> {
    let file = dir.open_file(&name(id), false).ok()?;
    for _ in 0..TRIES {
        // In this order: one that ends in between has written how.
        let alive = Lock::is_held_of(&file).ok()?;
        let mut text = vec![0; ROOM];
        let read = file.read_exact_at(&mut text, 0).ok().and_then(|()| Record::unseal(&text));
        match read.filter(|record| record.id == id) {
            Some(record) if record.state == State::Running && !alive => {
                // Unless it has just begun.
                if !Lock::is_held_of(&file).ok()? {
                    return Some(Record { state: State::Died, ..record });
                }
            }
            Some(record) => return Some(record),
            None if !alive => return None,
            // Records are written in one piece, but need not be read so.
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
    None
}

/// Makes room for a request, blank as yet: it can be made on a file system that is full by then.
pub(super) fn make_room(file: &File) -> io::Result<()> {
    file.write_all_at(&[b' '; REQUEST], ROOM as u64)
}

/// Asks the transfer of `file` to stop. `who` asks is told in its log.
pub(super) fn ask(file: &File, who: &str) -> io::Result<()> {
    file.write_all_at(&who.as_bytes()[..who.len().min(REQUEST)], ROOM as u64)
}

/// Who asks the transfer of `file` to stop, if somebody does.
pub(super) fn asked(file: &File) -> Option<String> {
    let mut text = [b' '; REQUEST];
    let read = file.read_at(&mut text, ROOM as u64).ok()?;
    let who = String::from_utf8_lossy(text[..read].trim_ascii());
    (!who.is_empty()).then(|| presentable(&who))
}
