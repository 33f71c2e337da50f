//! One unit: classified piece by piece, and encoded.

use crc32fast::Hasher;
use libdeflater::{CompressionLvl, Compressor};

use super::class::{Class, Classifier, PIECE};
use super::seal::seal;

/// Bytes in a unit.
pub(super) const UNIT: usize = 1 << 20;
/// Most bytes of a stored block.
const STORED: usize = 0xffff;

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Not at all: everything but zeros is stored.
    Store,
    /// 1 (fast) to 9 (small). None comes out larger than gzip's of the same number.
    Deflate(u8),
}

impl Level {
    /// gzip's own.
    pub const DEFAULT: Self = Self::Deflate(6);

    /// What the header of a member says of it: RFC 1952, 2.3.1, XFL.
    pub(super) fn hint(self) -> u8 {
        match self {
            Self::Deflate(9) => 2,
            Self::Deflate(1) => 4,
            _ => 0,
        }
    }

    /// The encoder's level. It needs one less than gzip to come as far; `docs/performance.md` has the figures.
    fn effort(self) -> CompressionLvl {
        let level = match self {
            Self::Store | Self::Deflate(0 | 1) => 1,
            Self::Deflate(9..) => 9,
            Self::Deflate(level) => i32::from(level) - 1,
        };
        CompressionLvl::new(level).unwrap_or_default()
    }
}

/// A unit on its way.
pub(super) struct Unit {
    /// What it holds, in its first `filled` bytes; the others are of no account.
    pub(super) bytes: Vec<u8>,
    pub(super) filled: usize,
    /// Whether it is known to hold nothing but zeros; then `bytes` need not say so.
    pub(super) zero: bool,
    pub(super) encoded: Vec<u8>,
    pub(super) crc: Hasher,
}

impl Unit {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; UNIT], filled: 0, zero: false, encoded: Vec::new(), crc: Hasher::new() }
    }
}

/// Encodes units, one after the other.
pub(super) struct Encoder {
    level: Level,
    compressor: Compressor,
    classifier: Classifier,
    /// Runs of zeros as they were encoded before, by the number of pieces in them.
    zeros: Vec<Option<Vec<u8>>>,
}

impl Encoder {
    pub(super) fn new(level: Level) -> Self {
        let compressor = Compressor::new(level.effort());
        Self { level, compressor, classifier: Classifier::new(), zeros: vec![None; UNIT / PIECE + 1] }
    }

    /// Encodes `unit`, and sums it up.
    pub(super) fn encode(&mut self, unit: &mut Unit) {
        let Unit { bytes, filled, zero, encoded, crc } = unit;
        let bytes = &mut bytes[..*filled];
        encoded.clear();
        if *zero {
            bytes.fill(0);
        }
        *crc = Hasher::new();
        crc.update(bytes);
        let mut pieces = bytes.chunks(PIECE).map(|piece| (self.classify(piece), piece.len())).peekable();
        let (mut runs, mut rest) = (Vec::new(), &*bytes);
        while let Some((class, mut len)) = pieces.next() {
            while let Some((_, more)) = pieces.next_if(|(next, _)| *next == class) {
                len += more;
            }
            let (run, behind) = rest.split_at(len);
            runs.push((class, run));
            rest = behind;
        }
        drop(pieces);
        for (class, run) in runs {
            match class {
                Class::Zero => self.zeros(run, encoded),
                Class::Dense => store(run, encoded),
                Class::Compressible => self.compress(run, encoded),
            }
        }
    }

    fn classify(&mut self, piece: &[u8]) -> Class {
        match self.classifier.classify(piece) {
            Class::Compressible if self.level == Level::Store => Class::Dense,
            class => class,
        }
    }

    /// Appends a run of zeros, which is made once for each length.
    fn zeros(&mut self, run: &[u8], out: &mut Vec<u8>) {
        if !run.len().is_multiple_of(PIECE) {
            return self.compress(run, out);
        }
        let count = run.len() / PIECE;
        let known = self.zeros[count].take().unwrap_or_else(|| {
            let mut encoded = Vec::new();
            self.compress(run, &mut encoded);
            encoded
        });
        out.extend_from_slice(&known);
        self.zeros[count] = Some(known);
    }

    fn compress(&mut self, run: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + run.len(), 0);
        let compressed = self.compressor.deflate_compress(run, &mut out[start..]).ok();
        let sealed = compressed.and_then(|len| {
            out.truncate(start + len);
            seal(out, start)
        });
        if sealed.is_none() {
            // It would not become smaller.
            out.truncate(start);
            store(run, out);
        }
    }
}

/// Appends `run` as it is, and an empty stored block as behind every run.
fn store(run: &[u8], out: &mut Vec<u8>) {
    for block in run.chunks(STORED).chain([&[][..]]) {
        let len = u16::try_from(block.len()).unwrap_or_default();
        out.push(0);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
}
