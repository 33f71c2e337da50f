//! One unit: classified piece by piece, and encoded.

use std::collections::VecDeque;
use std::io::{self, Write};

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

    /// The encoder's level. It needs one less than gzip to come as far, but for one; `docs/performance.md` has the figures.
    fn effort(self) -> CompressionLvl {
        let level = match self {
            Self::Store | Self::Deflate(0 | 1) => 1,
            Self::Deflate(5) => 5,
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
    pub(super) crc: Hasher,
    /// What becomes of it, in its order.
    parts: Vec<Part>,
    encoded: Vec<u8>,
}

/// A part of a unit, as it goes into the stream.
enum Part {
    /// So many of the bytes that are encoded.
    Encoded(usize),
    /// So many bytes as they are, from this one on.
    Stored(usize, usize),
}

impl Unit {
    /// An empty one, to be filled in `bytes`, of which there are `UNIT`.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, filled: 0, crc: Hasher::new(), parts: Vec::new(), encoded: Vec::new() }
    }

    /// Gives back what it was filled in, if what has become of it does not need that any more.
    pub(super) fn release(&mut self) -> Option<Vec<u8>> {
        let needed = self.parts.iter().any(|part| matches!(part, Part::Stored(..)));
        if needed || self.bytes.is_empty() { None } else { Some(std::mem::take(&mut self.bytes)) }
    }

    /// Gives it back when all is written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes what became of it.
    pub(super) fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut encoded = &self.encoded[..];
        for part in &self.parts {
            match part {
                Part::Encoded(len) => {
                    let (here, behind) = encoded.split_at(*len);
                    out.write_all(here)?;
                    encoded = behind;
                }
                Part::Stored(from, len) => store(&self.bytes[*from..from + len], out)?,
            }
        }
        Ok(())
    }
}

/// Encodes units, two at a time.
pub(super) struct Encoder {
    level: Level,
    compressor: Compressor,
    classifier: Classifier,
    /// Where streams are made before it is known how long they are.
    scratch: Vec<u8>,
    /// Runs of zeros as they were encoded before, by the number of pieces in them.
    zeros: Vec<Option<Vec<u8>>>,
}

/// A unit whose runs are being encoded, from the first on.
struct Job<'a> {
    bytes: &'a [u8],
    /// The runs that are left: class, first byte and length.
    runs: VecDeque<(Class, usize, usize)>,
    parts: &'a mut Vec<Part>,
    encoded: &'a mut Vec<u8>,
    /// The run whose stream is at the end of `encoded` and has an end of its own, and where that begins.
    open: Option<(usize, usize, usize)>,
}

impl Encoder {
    pub(super) fn new(level: Level) -> Self {
        Self {
            level,
            compressor: Compressor::new(level.effort()),
            classifier: Classifier::new(),
            scratch: vec![0; UNIT],
            zeros: vec![None; UNIT / PIECE + 1],
        }
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
        let Unit { bytes, filled, crc, parts, encoded } = unit;
        let bytes = &bytes[..*filled];
        *crc = Hasher::new();
        crc.update(bytes);
        parts.clear();
        encoded.clear();
        let (mut runs, mut from) = (VecDeque::new(), 0);
        let mut pieces = bytes.chunks(PIECE).map(|piece| (self.classify(piece), piece.len())).peekable();
        while let Some((class, mut len)) = pieces.next() {
            while let Some((_, more)) = pieces.next_if(|(next, _)| *next == class) {
                len += more;
            }
            runs.push_back((class, from, len));
            from += len;
        }
        drop(pieces);
        Job { bytes, runs, parts, encoded, open: None }
    }

    fn classify(&mut self, piece: &[u8]) -> Class {
        match self.classifier.classify(piece) {
            Class::Compressible if self.level == Level::Store => Class::Dense,
            class => class,
        }
    }

    /// Encodes runs up to one that has been compressed.
    fn advance(&mut self, job: &mut Job<'_>) {
        while let Some((class, from, len)) = job.runs.pop_front() {
            let (run, start) = (&job.bytes[from..from + len], job.encoded.len());
            match class {
                Class::Zero => {
                    let encoded = self.zeros(run);
                    job.encoded.extend_from_slice(encoded);
                    job.parts.push(Part::Encoded(encoded.len()));
                }
                Class::Compressible if self.compress(run, job.encoded) => {
                    job.open = Some((from, len, start));
                    return;
                }
                Class::Compressible | Class::Dense => job.parts.push(Part::Stored(from, len)),
            }
        }
    }

    /// A run of zeros, which is made once for each number of whole pieces.
    fn zeros(&mut self, run: &[u8]) -> &[u8] {
        // The last, and only, piece of a unit may be a shorter one.
        let index = if run.len().is_multiple_of(PIECE) { run.len() / PIECE } else { 0 };
        if index == 0 || self.zeros[index].is_none() {
            self.zeros[index] = Some(self.encode_zeros(run));
        }
        self.zeros[index].as_deref().unwrap_or_default()
    }

    /// A run of zeros by itself.
    pub(super) fn encode_zeros(&mut self, run: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if self.compress(run, &mut out)
            && let [Some(last), _] = last_blocks(&out, &[])
        {
            seal(&mut out, 0, last);
            return out;
        }
        out.clear();
        // Writing to memory does not fail.
        let _ = store(run, &mut out);
        out
    }

    /// Appends the run as a deflate stream with an end of its own; false, and nothing, where that would not be smaller.
    fn compress(&mut self, run: &[u8], out: &mut Vec<u8>) -> bool {
        match self.compressor.deflate_compress(run, &mut self.scratch[..run.len()]) {
            Ok(len) => {
                out.extend_from_slice(&self.scratch[..len]);
                true
            }
            Err(_) => false,
        }
    }
}

impl Job<'_> {
    /// What has an end of its own.
    fn stream(&self) -> &[u8] {
        self.open.map_or(&[], |(.., start)| &self.encoded[start..])
    }

    /// Takes that end away.
    fn close(&mut self, last: Option<Last>) {
        let Some((from, len, start)) = self.open.take() else { return };
        match last {
            Some(last) => {
                seal(self.encoded, start, last);
                self.parts.push(Part::Encoded(self.encoded.len() - start));
            }
            None => {
                self.encoded.truncate(start);
                self.parts.push(Part::Stored(from, len));
            }
        }
    }
}

/// Writes `run` as it is, and an empty stored block as behind every run.
fn store(run: &[u8], out: &mut impl Write) -> io::Result<()> {
    for block in run.chunks(STORED).chain([&[][..]]) {
        let len = u16::try_from(block.len()).unwrap_or_default();
        let [[a, b], [c, d]] = [len.to_le_bytes(), (!len).to_le_bytes()];
        out.write_all(&[0, a, b, c, d])?;
        out.write_all(block)?;
    }
    Ok(())
}
