//! What the transfers of this host are doing, for a control plane that has no other way to ask.

use std::time::Duration;

use serde_json::json;
use vhd_porter::config::{Settings, key};
use vhd_porter::host::{self, Arguments, Failure};
use vhd_porter::status::{Board, Error};
use vhd_porter::wire::Value;

/// How long `cancel` waits for the end of what it has asked to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// All transfers, or the one whose id is given; the answer is that of `vhd-porter status --json`.
pub(super) fn status(arguments: &Arguments) -> Result<Value, Failure> {
    let transfers = match (board(&host::settings()?)?, arguments.optional_text("id")?) {
        (Some(board), None) => board.records()?,
        (Some(board), Some(id)) => vec![board.find(id)?],
        (None, None) => Vec::new(),
        (None, Some(id)) => return Err(Error::unknown(id).into()),
    };
    host::value(&json!({ "transfers": transfers }))
}

/// Has a transfer stop, and waits for that for a while; the answer is what is known of it then.
pub(super) fn cancel(arguments: &Arguments) -> Result<Value, Failure> {
    let (settings, id) = (host::settings()?, arguments.text("id")?);
    host::confine(&settings, &[]);
    let board = board(&settings)?.ok_or_else(|| Error::unknown(id))?;
    host::value(&board.stop(id, "porter.cancel", PATIENCE)?)
}

fn board(settings: &Settings) -> Result<Option<Board>, Failure> {
    Ok(Board::open(&settings.path(key::STATE))?)
}
