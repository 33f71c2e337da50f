//! The board against directories that others have had their hands in.

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::super::record::{ROOM, tests::record};
use super::*;

/// A board in a new state directory, and that directory.
fn board() -> (TempDir, Board) {
    let state = tempfile::tempdir().unwrap();
    let board = Board::create(&state.path().join("deep/state")).unwrap();
    (state, board)
}

impl Board {
    /// Puts a record of a transfer of this id there, of one that has ended in this way.
    fn put(&self, id: &str, state: State) {
        let record = Record { id: id.to_owned(), state, ended: Some(1020), ..record() };
        fs::write(self.0.join(&file::name(id)), record.seal().unwrap()).unwrap();
    }

    fn shown(&self) -> Vec<String> {
        self.records().unwrap().into_iter().map(|record| record.id).collect()
    }
}

#[test]
fn a_transfer_without_its_lock_has_died() {
    let (_state, board) = board();
    let lock = board.enter("00000001").unwrap();
    assert_eq!(board.shown(), [""; 0], "nothing is known before the first record");
    board.put("00000001", State::Running);
    assert_eq!(board.find("0").unwrap().state, State::Running);
    drop(lock);
    assert_eq!(board.find("0").unwrap().state, State::Died);
    board.put("00000001", State::Done);
    assert_eq!(board.find("0").unwrap().state, State::Done);
    assert!(board.enter("00000001").is_err(), "a name is given once");
}

#[test]
fn what_is_no_record_is_passed_over() {
    let (state, board) = board();
    board.put("0000000a", State::Done);
    let (dir, elsewhere) = (board.0.path(), state.path().join("elsewhere"));
    let sealed = fs::read(dir.join("0000000a.status")).unwrap();
    fs::write(&elsewhere, &sealed).unwrap();
    symlink(&elsewhere, dir.join("0000000b.status")).unwrap();
    fs::write(dir.join("0000000c.status"), &sealed).unwrap();
    fs::write(dir.join("0000000d.status"), "garbage").unwrap();
    fs::File::create(dir.join("0000000e.status")).unwrap().set_len(1 << 40).unwrap();
    fs::create_dir(dir.join("0000000f.status")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.join("0000001a.status"), rustix::fs::Mode::RWXU).unwrap();
    fs::write(dir.join("0000001B.status"), &sealed).unwrap();
    fs::write(dir.join("not-one-of-ours"), &sealed).unwrap();
    assert_eq!(board.shown(), ["0000000a"]);
    assert!(board.stop("0000000b", "test", Duration::ZERO).is_err());
    board.sweep();
    assert_eq!(fs::read_dir(dir).unwrap().count(), 9, "nothing is old, and all is left");
    assert_eq!(fs::read(&elsewhere).unwrap().len(), ROOM);
}

#[test]
fn a_directory_that_others_can_write_to_is_not_believed() {
    let (state, board) = board();
    let (above, dir) = (state.path().join("deep/state"), board.0.path().to_owned());
    fs::set_permissions(&dir, Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(Board::open(&above), Err(Error::Foreign { mode: 0o777, .. })));
    assert!(Board::create(&above).is_err());
    fs::remove_dir(&dir).unwrap();
    assert!(Board::open(&above).unwrap().is_none());
    symlink(state.path(), &dir).unwrap();
    assert!(Board::create(&above).is_err(), "a symlink is followed");
    assert!(Board::open(Path::new("/dev/null/none")).unwrap().is_none());
}

#[test]
fn old_and_surplus_records_go_and_live_ones_stay() {
    let (_state, board) = board();
    let _alive = board.enter("ffffffff").unwrap();
    board.put("ffffffff", State::Running);
    let age = |id: &str, seconds: u64| {
        let file = File::options().write(true).open(board.0.join(&file::name(id))).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    };
    age("ffffffff", 30 * 86_400);
    for n in 0..MOST as u64 + 5 {
        let id = format!("{n:08x}");
        board.put(&id, State::Done);
        age(&id, 1000 + 60 * n);
    }
    age("00000007", 8 * 86_400);
    board.sweep();
    let left = board.shown();
    assert_eq!((left.len(), left[0].as_str()), (MOST + 1, "ffffffff"));
    assert!(left.contains(&"00000000".to_owned()) && !left.contains(&"00000007".to_owned()));
    assert!(!left.contains(&format!("{:08x}", MOST + 4)));
}

#[test]
fn an_id_is_found_by_its_beginning_and_a_slip_is_told() {
    let (_state, board) = board();
    let _alive = board.enter("5f3a09c2").unwrap();
    board.put("5f3a09c2", State::Running);
    board.put("5f110000", State::Done);
    board.put("5f110001", State::Failed);
    let found = |prefix: &str| match board.find(prefix) {
        Ok(record) => record.id,
        Err(error) => error.to_string(),
    };
    assert_eq!(found("5f3"), "5f3a09c2");
    assert_eq!(found("5f"), "5f3a09c2", "of several, the one that runs");
    assert!(found("5f11").starts_with("\"5f11\" may be any of "), "{}", found("5f11"));
    assert!(found("5f3b09c2").contains("did you mean 5f3a09c2?"), "{}", found("5f3b09c2"));
    assert_eq!(found(""), "no transfer is called \"\"; see vhd-porter status");
    assert_eq!(found("zzz"), "no transfer is called \"zzz\"; see vhd-porter status");
}

#[test]
fn a_request_reaches_the_transfer_and_leaves_its_record_alone() {
    let (_state, board) = board();
    let lock = board.enter("5f3a09c2").unwrap();
    board.put("5f3a09c2", State::Running);
    file::make_room(lock.file()).unwrap();
    assert_eq!(file::asked(lock.file()), None);
    let record = board.stop("5f", "a\x1btest", Duration::ZERO).unwrap();
    assert_eq!(record.state, State::Running, "it is given no time");
    assert_eq!(file::asked(lock.file()).as_deref(), Some("a\u{fffd}test"));
    assert_eq!(board.find("5f").unwrap().id, "5f3a09c2");
    // One that has ended is not touched.
    board.put("00000001", State::Done);
    assert_eq!(board.stop("00000001", "test", Duration::ZERO).unwrap().state, State::Done);
    assert_eq!(fs::read(board.0.join("00000001.status")).unwrap().len(), ROOM);
}
