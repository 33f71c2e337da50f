//! `query`: what an image says of itself, a line each.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::console::{Console, say};
use super::disk::{Disk, Opening};
use super::errno::Errno;
use super::getopt::Options;
use super::{marker, parent};

pub(super) const USAGE: &str = "options: <-n name> [-v print virtual size (in MB)] [-s print physical utilization (bytes)] [-p print parent] [-f print fields] [-m print marker] [-d print chain depth] [-S print max virtual size (MB) for fast resize] [-a print allocated block count] [-u don't resolve parent path] [-h help]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("query", "n:vspfmdaSuh", args, console);
    let (mut name, mut asked) = (None, String::new());
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'h' => {
                say!(console, "{USAGE}");
                return Ok(());
            }
            '?' => return super::usage(console, USAGE),
            letter => asked.push(letter),
        }
    }
    let Some(name) = name.filter(|_| options.operands.is_empty()) else {
        return super::usage(console, USAGE);
    };
    let path = Path::new(&name);
    let disk = match Disk::open(path, Opening { disabled: true, ..Opening::default() }) {
        Ok(disk) => disk,
        Err(error) => {
            say!(console, "error opening {}: {error}\n", path.display());
            return Err(error);
        }
    };
    Question { disk: &disk, name: path, outcome: Ok(()) }.answer(&asked, console)
}

struct Question<'a> {
    disk: &'a Disk,
    name: &'a Path,
    outcome: Result<(), Errno>,
}

impl Question<'_> {
    /// Answers what was asked, always in the same order; the first failure is the outcome, and stops nothing.
    fn answer(mut self, asked: &str, console: &mut Console<'_>) -> Result<(), Errno> {
        let disk = self.disk;
        let asks = |letter| asked.contains(letter);
        if asks('v') {
            say!(console, "{}\n", disk.size() >> 20);
        }
        if asks('s') {
            match disk.data_end() {
                Ok(end) => say!(console, "{}\n", end.saturating_add(512)),
                Err(e) => self.failed(e, console, "failed to get physical size"),
            }
        }
        if asks('p') {
            self.parent(asks('u'), console);
        }
        if asks('f') {
            say!(console, "hidden: {}\n", disk.hidden());
        }
        if asks('m') {
            match marker::read(disk) {
                Ok(marker) => say!(console, "marker: {marker}\n"),
                Err(e) => self.failed(e, console, "error checking 'marker' field"),
            }
        }
        if asks('d') {
            match parent::depth(disk) {
                Ok(depth) => say!(console, "chain depth: {depth}\n"),
                Err(e) => self.failed(e, console, "error checking chain depth"),
            }
        }
        if asks('a') {
            match disk.allocated() {
                Ok(count) => say!(console, "{count}\n"),
                Err(e) => self.failed(e, console, "error reading bat"),
            }
        }
        if asks('S') {
            say!(console, "{}\n", (disk.max_blocks() * disk.sectors_per_block()) >> 11);
        }
        self.outcome
    }

    fn failed(&mut self, error: Errno, console: &mut Console<'_>, what: &str) {
        say!(console, "{what}: {error}\n");
        self.outcome = self.outcome.and(Err(error));
    }

    fn parent(&mut self, as_stored: bool, console: &mut Console<'_>) {
        if !self.disk.is_child() {
            return say!(console, "{} has no parent\n", self.name.display());
        }
        let found = if as_stored {
            parent::named(self.disk).map(String::into_bytes)
        } else {
            parent::locate(self.disk).map(|p| p.as_os_str().as_bytes().to_vec())
        };
        match found {
            Ok(name) => {
                console.bytes(&name);
                say!(console, "\n");
            }
            Err(error) => {
                say!(console, "query failed\n");
                self.outcome = self.outcome.and(Err(error));
            }
        }
    }
}
