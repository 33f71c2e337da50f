//! `vhd-porter status`.

use std::io::IsTerminal;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::args::Status as Args;
use super::outcome::{Exit, Failure};
use super::panel::Panel;
use super::{session, show};
use crate::config::{Settings, key};
use crate::status::{Board, Error, Record, State};

/// How often it is shown anew.
const EVERY: Duration = Duration::from_secs(1);

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let settings = session::settings()?;
    let records = records(&settings, args)?;
    if args.watch {
        return watch(&settings, args, records);
    }
    if args.json {
        show::document(&json!({ "transfers": records }));
    } else {
        show::text(&panel(args).of(&records));
    }
    Ok(Exit::Done)
}

/// The board of this host; `None` when nobody has ever written on it.
pub(super) fn board(settings: &Settings) -> Result<Option<Board>, Failure> {
    Ok(Board::open(&settings.path(key::STATE))?)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Unknown { .. } => "not-found",
            Error::Ambiguous { .. } => "bad-argument",
            Error::Foreign { .. } | Error::Os(_) => "system",
        };
        Self::other(kind, crate::os::in_full(&error))
    }
}

fn records(settings: &Settings, args: &Args) -> Result<Vec<Record>, Failure> {
    match (board(settings)?, &args.id) {
        (Some(board), None) => Ok(board.records()?),
        (Some(board), Some(id)) => Ok(vec![board.find(id)?]),
        (None, None) => Ok(Vec::new()),
        (None, Some(id)) => Err(Error::unknown(id).into()),
    }
}

fn panel(args: &Args) -> Panel {
    let width = if std::io::stdout().is_terminal() { Some(columns()) } else { None };
    Panel { width, all: args.all, detailed: args.id.is_some(), bars: args.watch && width.is_some() }
}

/// Shows it again and again: for ever, or until the one that was asked for has ended. How that ended is told by the exit
/// code.
fn watch(settings: &Settings, args: &Args, mut records: Vec<Record>) -> Result<Exit, Failure> {
    let mut screen = Screen::default();
    loop {
        let panel = panel(args);
        if args.json {
            let line = serde_json::to_string(&json!({ "transfers": records })).unwrap_or_default();
            show::text(&format!("{line}\n"));
        } else if panel.bars {
            screen.show(&panel.of(&records));
        } else {
            show::text(&format!("{}\n", panel.of(&records)));
        }
        match records.first().map(|record| record.state).filter(|_| args.id.is_some()) {
            None | Some(State::Running) if !show::is_refused() => {}
            Some(State::Failed | State::Stopped | State::Died) => return Ok(Exit::Failed),
            _ => return Ok(Exit::Done),
        }
        thread::sleep(EVERY);
        records = self::records(settings, args)?;
    }
}

/// A part of the terminal that is written over.
#[derive(Default)]
struct Screen {
    /// Lines that were written last.
    lines: usize,
}

impl Screen {
    /// Puts `text` in the place of what was shown before. What does not fit on the terminal is left out: it could not be
    /// reached any more.
    fn show(&mut self, text: &str) {
        let most = rows().saturating_sub(1).max(1);
        let text = show::printable(text);
        let lines: Vec<&str> = text.lines().take(most).collect();
        let mut out = String::new();
        if self.lines > 0 {
            out += &format!("\x1b[{}A", self.lines);
        }
        lines.iter().for_each(|line| out += &format!("{line}\x1b[K\n"));
        out += "\x1b[J";
        self.lines = lines.len();
        show::screen(&out);
    }
}

fn columns() -> usize {
    size().map_or(80, |size| usize::from(size.ws_col).max(40))
}

fn rows() -> usize {
    size().map_or(24, |size| usize::from(size.ws_row).max(2))
}

fn size() -> Option<rustix::termios::Winsize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    size.filter(|size| size.ws_col > 0 && size.ws_row > 0)
}
