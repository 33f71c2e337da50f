//! A run of a unit as it lies in the stream: what stands between two marks, if the marks are ones.

use crc32fast::Hasher;
use libdeflater::Decompressor;

use super::{FINAL, UNIT};

/// A part of the stream that ends with a mark, on its way through the threads.
pub(super) struct Segment {
    /// As it lies in the stream.
    pub(super) packed: Vec<u8>,
    /// What it holds, if it could be decoded by itself.
    pub(super) bytes: Vec<u8>,
    pub(super) crc: Hasher,
    /// Whether it could.
    pub(super) whole: bool,
}

impl Segment {
    pub(super) fn new() -> Self {
        Self { packed: Vec::with_capacity(UNIT), bytes: Vec::new(), crc: Hasher::new(), whole: false }
    }
}

/// Decodes segments, one after the other.
pub(super) struct Decoder {
    inflate: Decompressor,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { inflate: Decompressor::new() }
    }

    /// Decodes `segment` as if nothing came before or after it. One whose mark is no mark but data that looks like one has
    /// no end where a block ends, and is not whole.
    pub(super) fn decode(&mut self, segment: &mut Segment) {
        segment.bytes.resize(UNIT, 0);
        let packed = segment.packed.len();
        segment.packed.extend_from_slice(&FINAL);
        let decoded = self.inflate.deflate_decompress(&segment.packed, &mut segment.bytes);
        segment.packed.truncate(packed);
        segment.whole = decoded.is_ok();
        segment.bytes.truncate(decoded.unwrap_or_default());
        segment.crc = Hasher::new();
        segment.crc.update(&segment.bytes);
    }
}
