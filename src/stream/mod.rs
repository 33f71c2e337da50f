//! Adapters between readers and writers. Each knows one thing, none keeps more than a few buffers.

mod compress;
mod digest;
mod gzip;
mod peek;
mod pool;
mod sparse;
mod watch;
mod zstd;

pub use compress::{Compression, Compressor};
pub use digest::{Algorithm, DigestReader, DigestWriter, Digests};
pub use gzip::{GzipReader, GzipWriter, Level};
pub use peek::{Peeked, peek};
pub use sparse::{SparseWriter, Written};
pub use watch::{WatchReader, WatchWriter};
pub use zstd::{ZstdReader, ZstdWriter, is_zstd};
