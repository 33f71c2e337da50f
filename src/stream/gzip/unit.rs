//! One unit: classified piece by piece, and encoded.

use libdeflater::{CompressionLvl, Compressor};

use super::seal::seal;
use crate::stream::sparse::is_zero;

/// Bytes in a unit.
pub(super) const UNIT: usize = 1 << 20;
/// Bytes that are classified together.
const PIECE: usize = 64 * 1024;
/// Bytes that stand for a piece when it is looked at whether it would become smaller, and in how many places.
const SAMPLE: usize = 1024;
const SAMPLES: usize = 4;
/// A sample that keeps more than this part of itself, in percent, is stored with its piece.
const KEEPS: usize = 98;
/// Bits in a byte of which no code makes anything: such a piece would become smaller by a percent at most.
const RANDOM: f64 = 7.92;
/// Most bytes of a stored block.
const STORED: usize = 0xffff;

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Not at all: everything is stored.
    Store,
    /// 1 (fast) to 9 (small). 6 comes out no larger than gzip's 6.
    Deflate(u8),
}

impl Level {
    /// What the header of a member says of it: RFC 1952, 2.3.1, XFL.
    pub(super) fn hint(self) -> u8 {
        match self {
            Self::Deflate(9) => 2,
            Self::Deflate(1) => 4,
            _ => 0,
        }
    }
}

/// What a piece holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Zero,
    Dense,
    Compressible,
}

/// Encodes units, one after the other.
pub(super) struct Encoder {
    compressor: Option<Compressor>,
    /// For samples.
    probe: Compressor,
    scratch: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(level: Level) -> Self {
        let compressor = match level {
            Level::Store => None,
            Level::Deflate(level) => Some(Compressor::new(lvl(i32::from(level)))),
        };
        Self { compressor, probe: Compressor::new(lvl(1)), scratch: Vec::new() }
    }

    /// Appends the unit that holds `bytes` to `out`.
    pub(super) fn encode(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut pieces = bytes.chunks(PIECE).map(|piece| (self.classify(piece), piece.len())).peekable();
        let (mut runs, mut rest) = (Vec::new(), bytes);
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
            self.encode_run(class, run, out);
        }
    }

    fn classify(&mut self, piece: &[u8]) -> Class {
        if self.compressor.is_none() {
            return Class::Dense;
        }
        if is_zero(piece) {
            return Class::Zero;
        }
        let Some(step) =
            piece.len().checked_sub(SAMPLE).map(|last| last / (SAMPLES - 1)).filter(|s| *s >= SAMPLE)
        else {
            return Class::Compressible;
        };
        let mut sample = [0; SAMPLE * SAMPLES];
        for (index, part) in sample.chunks_mut(SAMPLE).enumerate() {
            part.copy_from_slice(&piece[index * step..][..SAMPLE]);
        }
        let most = sample.len() * KEEPS / 100;
        self.scratch.resize(most, 0);
        match self.probe.deflate_compress(&sample, &mut self.scratch) {
            // It would take more room than that, and the whole does not look better.
            Err(_) if entropy(piece) >= RANDOM => Class::Dense,
            _ => Class::Compressible,
        }
    }

    fn encode_run(&mut self, class: Class, run: &[u8], out: &mut Vec<u8>) {
        let Some(compressor) = self.compressor.as_mut().filter(|_| class != Class::Dense) else {
            return store(run, out);
        };
        let start = out.len();
        let most = run.len();
        out.resize(start + most, 0);
        let compressed = compressor.deflate_compress(run, &mut out[start..]).ok();
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

/// How many bits a byte of `piece` takes where each has a code of its own length (Shannon's entropy).
fn entropy(piece: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    piece.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let len = f64::from(u32::try_from(piece.len()).unwrap_or(u32::MAX));
    let used = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / len);
    -used.map(|part| part * part.log2()).sum::<f64>()
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

fn lvl(level: i32) -> CompressionLvl {
    CompressionLvl::new(level).unwrap_or_default()
}
