//! Adapters between readers and writers. Each knows one thing, none keeps more than a few buffers.

mod digest;
mod gzip;
mod peek;
mod sparse;
mod watch;

pub use digest::{DigestReader, DigestWriter, Digests};
pub use gzip::{GzipWriter, Level};
pub use peek::{Peeked, peek};
pub use sparse::SparseWriter;
pub use watch::{WatchReader, WatchWriter};
