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
mod seal;
mod unit;
mod writer;

pub use unit::Level;
pub use writer::GzipWriter;
