//! The end of a guest's console log.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::domain::DomainId;
use super::error::Error;
use crate::os::Dir;

/// How much of a log is shown, in bytes: os-xenapi console.py `MAX_CONSOLE_BYTES`.
const SHOWN: u64 = 102_400;

/// The last 100 KiB of what `domain` wrote to its console. The log is `console.N` in `directory`, a regular file and no
/// symlink.
///
/// # Errors
/// There is none, or it cannot be opened or read.
pub fn console_tail(directory: &Path, domain: DomainId) -> Result<Vec<u8>, Error> {
    let name = format!("console.{domain}");
    let mut log = Dir::open(directory)?.open_file(&name, false)?;
    // A log that cannot be read after all is a refusal, not a failure of the system: console.py `PluginError`.
    let refused = |error| Error::Refused(format!("Error reading console: {error}"));
    let length = log.metadata().map_err(refused)?.len();
    log.seek(SeekFrom::Start(length.saturating_sub(SHOWN))).map_err(refused)?;
    let mut tail = Vec::new();
    // The guest goes on writing.
    log.take(SHOWN).read_to_end(&mut tail).map_err(refused)?;
    Ok(tail)
}
