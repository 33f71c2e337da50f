//! One unit: classified piece by piece, and encoded.

use std::collections::VecDeque;

use crc32fast::Hasher;
use libdeflater::{CompressionLvl, Compressor};

use super::class::{Class, Classifier, PIECE};
use super::seal::seal;
use super::walk::{Last, last_blocks};

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
    pub(super) encoded: Vec<u8>,
    pub(super) crc: Hasher,
}

impl Unit {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; UNIT],
            filled: 0,
            encoded: Vec::with_capacity(UNIT + UNIT / 16),
            crc: Hasher::new(),
        }
    }
}

/// Encodes units, two at a time.
pub(super) struct Encoder {
    level: Level,
    compressor: Compressor,
    classifier: Classifier,
    /// Runs of zeros as they were encoded before, by the number of pieces in them.
    zeros: Vec<Option<Vec<u8>>>,
}

/// A unit whose runs are being encoded, from the first on.
struct Job<'a> {
    runs: VecDeque<(Class, &'a [u8])>,
    encoded: &'a mut Vec<u8>,
    /// The run whose stream is at the end of `encoded` and has an end of its own, and where that begins.
    open: Option<(&'a [u8], usize)>,
}

impl Encoder {
    pub(super) fn new(level: Level) -> Self {
        let compressor = Compressor::new(level.effort());
        Self { level, compressor, classifier: Classifier::new(), zeros: vec![None; UNIT / PIECE + 1] }
    }

    /// Encodes two units, of which one may be empty, and sums them up.
    pub(super) fn encode(&mut self, units: &mut [Unit; 2]) {
        let mut jobs = units.each_mut().map(|unit| self.begin(unit));
        loop {
            jobs.iter_mut().for_each(|job| self.advance(job));
            if jobs.iter().all(|job| job.open.is_none()) {
                return;
            }
            let [first, second] = jobs.each_ref().map(Job::stream);
            let ends = last_blocks(first, second);
            jobs.iter_mut().zip(ends).for_each(|(job, last)| job.close(last));
        }
    }

    /// Sums the unit up, and takes it apart into runs of a class.
    fn begin<'a>(&mut self, unit: &'a mut Unit) -> Job<'a> {
        let Unit { bytes, filled, encoded, crc } = unit;
        let bytes = &bytes[..*filled];
        *crc = Hasher::new();
        crc.update(bytes);
        encoded.clear();
        let (mut runs, mut rest) = (VecDeque::new(), bytes);
        let mut pieces = bytes.chunks(PIECE).map(|piece| (self.classify(piece), piece.len())).peekable();
        while let Some((class, mut len)) = pieces.next() {
            while let Some((_, more)) = pieces.next_if(|(next, _)| *next == class) {
                len += more;
            }
            let (run, behind) = rest.split_at(len);
            runs.push_back((class, run));
            rest = behind;
        }
        Job { runs, encoded, open: None }
    }

    fn classify(&mut self, piece: &[u8]) -> Class {
        match self.classifier.classify(piece) {
            Class::Compressible if self.level == Level::Store => Class::Dense,
            class => class,
        }
    }

    /// Encodes runs up to one that has been compressed.
    fn advance(&mut self, job: &mut Job<'_>) {
        while let Some((class, run)) = job.runs.pop_front() {
            match class {
                Class::Zero => self.zeros(run, job.encoded),
                Class::Dense => store(run, job.encoded),
                Class::Compressible => {
                    let start = job.encoded.len();
                    if self.compress(run, job.encoded) {
                        job.open = Some((run, start));
                        return;
                    }
                    store(run, job.encoded);
                }
            }
        }
    }

    /// Appends a run of zeros, which is made once for each length.
    fn zeros(&mut self, run: &[u8], out: &mut Vec<u8>) {
        let index = run.len() / PIECE;
        let known = self.zeros[index].take().filter(|_| run.len().is_multiple_of(PIECE));
        let encoded = known.unwrap_or_else(|| self.encode_zeros(run));
        out.extend_from_slice(&encoded);
        self.zeros[index] = run.len().is_multiple_of(PIECE).then_some(encoded);
    }

    /// A run of zeros by itself.
    pub(super) fn encode_zeros(&mut self, run: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let open = self.compress(run, &mut out).then_some((run, 0));
        if open.is_none() {
            store(run, &mut out);
        }
        let mut job = Job { runs: VecDeque::new(), encoded: &mut out, open };
        let [last, _] = last_blocks(job.stream(), &[]);
        job.close(last);
        out
    }

    /// Appends the run as a deflate stream with an end of its own; false, and nothing, where that would not be smaller.
    fn compress(&mut self, run: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        out.resize(start + run.len(), 0);
        let compressed = self.compressor.deflate_compress(run, &mut out[start..]);
        out.truncate(start + compressed.as_ref().copied().unwrap_or_default());
        compressed.is_ok()
    }
}

impl Job<'_> {
    /// What has an end of its own.
    fn stream(&self) -> &[u8] {
        self.open.map_or(&[], |(_, start)| &self.encoded[start..])
    }

    /// Takes that end away.
    fn close(&mut self, last: Option<Last>) {
        let Some((run, start)) = self.open.take() else { return };
        match last {
            Some(last) => seal(self.encoded, start, last),
            None => {
                self.encoded.truncate(start);
                store(run, self.encoded);
            }
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
