//! gzip by several threads: one ordinary member that every reader reads, made of units that can be decoded one by one.
//!
//! ```text
//! header (extra field "VP": bytes in a unit) │ unit │ unit │ … │ final block │ CRC-32, length
//!                                              └─ deflate blocks without references to other units,
//!                                                 then an empty stored block: 00 00 FF FF on a byte's edge
//! ```
//!
//! Of a unit, what is zero is written from a table, what would not become smaller is stored, and only the rest is
//! compressed. RFC 1951 and 1952 are the source of every number here.

mod code;
mod parallel;
mod reader;
mod seal;
mod segment;
mod unit;
mod writer;

pub use reader::GzipReader;
pub use unit::Level;
pub use writer::GzipWriter;

use unit::UNIT;

/// The header of members of this kind. Behind the fixed part there is an extra field of eight bytes, which names us and
/// says how large a unit is.
const HEADER: [u8; 20] = {
    let size = UNIT.to_le_bytes();
    // Magic, deflate, extra field; no time; no hint; Unix; eight bytes, "VP", four bytes.
    [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 8, 0, b'V', b'P', 4, 0, size[0], size[1], size[2], size[3]]
};
/// An empty last block.
const FINAL: [u8; 5] = [1, 0, 0, 0xff, 0xff];
/// What every run of a unit ends with: the lengths of an empty stored block.
const MARK: [u8; 4] = [0, 0, 0xff, 0xff];
