//! Adapters between readers and writers. Each knows one thing, none keeps more than a few buffers.

mod digest;
mod peek;
mod sparse;
mod watch;

pub use digest::{Algorithm, DigestReader, DigestWriter, Digests};
pub use peek::{Peeked, peek};
pub use sparse::SparseWriter;
pub use watch::{WatchReader, WatchWriter};
