//! What the transfers of this host are doing, for whoever asks: xapi has no way to ask a plugin that is at work.
//!
//! ```text
//! <state>/status/            mode 0700, ours
//!   5f3a09c2.status          one transfer: its id, mode 0600
//!     0…8191                 the record: a checksum and JSON, written in one piece by the transfer
//!     8192…8447              room for a request to stop: who asks
//!     record lock            held for as long as the transfer lives, and by nobody else
//! ```
//!
//! A [`Reporter`] writes the record of its own transfer, a few times a second, on a thread of its own; a [`Board`] reads those
//! of all. A record that says "running" and is not locked is of a transfer that died.
//!
//! **Stopping needs no process number.** Whoever wants a transfer to stop writes so behind its record, and the transfer
//! that holds the file sends itself SIGTERM. Numbers of processes are used again, and Linux 4.19 has nothing that holds on
//! to one; a request in a file that nobody reads any more does nothing.
//!
//! None of this makes a transfer fail: where the directory cannot be used there is no status, and that is all.

mod board;
mod error;
mod file;
mod rate;
mod record;
mod reporter;
mod subject;

pub use board::Board;
pub use error::Error;
pub use record::{Record, State};
pub use reporter::Reporter;
pub use subject::Subject;
