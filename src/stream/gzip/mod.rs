//! gzip by several threads: one ordinary member that every reader reads, made of units that can be decoded one by one.
//!
//! ```text
//! header, whose comment says so │ unit │ unit │ … │ final block │ CRC-32, length
//!                                              └─ deflate blocks without references to other units,
//!                                                 then an empty stored block: 00 00 FF FF on a byte's edge
//! ```
//!
//! Of a unit, what a look at a part of it says would not become smaller is stored, and only the rest is compressed. RFC 1951
//! and 1952 are the source of every number here.

mod bits;
mod class;
mod code;
mod parallel;
mod reader;
mod seal;
mod segment;
#[cfg(test)]
mod tests;
mod unit;
mod walk;
mod writer;

pub use reader::GzipReader;
pub use unit::Level;
pub use writer::GzipWriter;

use unit::UNIT;

/// The header of members of this kind: magic, deflate, a comment follows; no time, no hint, Unix; the comment. An extra
/// field would be the place for what it says, but Python's `tarfile` takes one for data when it reads a stream.
const HEADER: &[u8; 25] = b"\x1f\x8b\x08\x10\0\0\0\0\0\x03units of 1 MiB\0";
/// Where in the header it is said how hard the encoder tried, which makes no difference to a reader.
const HINT: usize = 8;
/// An empty last block.
const FINAL: [u8; 5] = [1, 0, 0, 0xff, 0xff];
/// What every run of a unit ends with: the lengths of an empty stored block.
const MARK: [u8; 4] = [0, 0, 0xff, 0xff];
