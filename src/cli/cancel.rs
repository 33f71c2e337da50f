//! `vhd-porter cancel`.

use std::time::Duration;

use super::args::Cancel as Args;
use super::outcome::{Exit, Failure};
use super::{session, show, status};
use crate::status::{Error, Record, State};

/// Whom the log of what is stopped names.
const WHO: &str = "vhd-porter cancel";

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let board = status::board(&session::settings()?)?.ok_or_else(|| Error::unknown(&args.id))?;
    let record = board.stop(&args.id, WHO, Duration::from_secs(args.wait))?;
    show::either(args.json, &record, || format!("{} {}: {}\n", record.id, record.what, words(&record)));
    Ok(if record.state == State::Stopped { Exit::Done } else { Exit::Failed })
}

/// What became of it.
fn words(record: &Record) -> String {
    let why = record.why.as_deref().unwrap_or_default();
    match record.state {
        State::Stopped => why.to_owned(),
        State::Running => "was asked to stop, and is still at it".to_owned(),
        State::Done => "too late, it is done".to_owned(),
        State::Failed => format!("it has failed: {why}"),
        State::Died => {
            "it has died; what it left is ended by vhd-porter recover, or the next call".to_owned()
        }
    }
}
