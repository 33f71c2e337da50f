//! A member of our own kind, decoded by several threads.
//!
//! Four bytes that are a mark may also be data that looks like one. That shows when what stands before them is decoded:
//! it does not end there. Then it is tried with what follows; and where that does not help, the rest of the member is
//! decoded by one thread, which is right for every stream.

use std::io::{self, ErrorKind, Read};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

use super::segment::{Decoder, Segment};
use super::{FINAL, MARK, UNIT};
use crate::stream::pool::Pool;

/// Bytes read at once.
const READ: usize = 256 * 1024;
/// More bytes than any run takes up: where no mark comes for so long, it is not our kind of member.
const LONGEST: usize = 2 * UNIT;
/// How often a segment is tried with one more: data that looks like a mark is rare, unless somebody wants it to be there.
const TRIES: usize = 4;
/// How far back deflate may refer.
const WINDOW: usize = 32 * 1024;
/// Bytes behind the last block: CRC-32 and length.
const TRAILER: usize = 8;

/// Decodes a member; its header has been read.
pub(super) struct Parallel<R> {
    inner: R,
    /// What has been read.
    input: Vec<u8>,
    /// Where in it the next segment begins.
    start: usize,
    /// Where in it to look for a mark.
    scanned: usize,
    /// Whether the last block has been found behind a mark.
    ends: bool,
    pool: Pool<Segment>,
    decoder: Decoder,
    free: Vec<Segment>,
    /// What is being given out, and how much of it has been.
    current: Vec<u8>,
    given: usize,
    sequential: Option<Sequential>,
    window: Vec<u8>,
    crc: Hasher,
    bytes: u64,
}

/// The rest of a member, decoded by one thread: what comes before what has not been read yet.
struct Sequential {
    inflate: Decompress,
    input: Vec<u8>,
    used: usize,
    done: bool,
}

impl<R: Read> Parallel<R> {
    pub(super) fn new(inner: R, threads: usize) -> io::Result<Self> {
        let pool = Pool::start(threads, || {
            let mut decoder = Decoder::new();
            move |segment: &mut Segment| decoder.decode(segment)
        })?;
        Ok(Self {
            inner,
            input: Vec::new(),
            start: 0,
            scanned: 0,
            ends: false,
            pool,
            decoder: Decoder::new(),
            free: Vec::new(),
            current: Vec::new(),
            given: 0,
            sequential: None,
            window: Vec::new(),
            crc: Hasher::new(),
            bytes: 0,
        })
    }

    /// What was read from the stream behind the member, and the stream.
    pub(super) fn finish(mut self) -> io::Result<(Vec<u8>, R)> {
        if let Some(sequential) = self.sequential.take() {
            (self.input, self.start) = (sequential.input, sequential.used);
        }
        while self.input.len() - self.start < TRAILER {
            if self.fill()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let rest = self.input.split_off(self.start + TRAILER);
        let (crc, length) = self.input[self.start..].split_at(TRAILER / 2);
        let sound =
            crc == self.crc.clone().finalize().to_le_bytes() && length == &self.bytes.to_le_bytes()[..4];
        if !sound {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "the checksum at the end of the gzip member differs",
            ));
        }
        Ok((rest, self.inner))
    }

    /// Reads some more; 0 at the end.
    fn fill(&mut self) -> io::Result<usize> {
        self.input.drain(..self.start);
        self.scanned = self.scanned.saturating_sub(self.start);
        self.start = 0;
        let before = self.input.len();
        self.inner.by_ref().take(READ as u64).read_to_end(&mut self.input)?;
        Ok(self.input.len() - before)
    }

    /// Cuts off the next segment; `None` when there is none, for one reason or another.
    fn cut(&mut self) -> io::Result<Option<Segment>> {
        loop {
            if self.ends {
                return Ok(None);
            }
            if let Some(found) = memmem::find(&self.input[self.scanned..], &MARK) {
                let end = self.scanned + found + MARK.len();
                self.scanned = end;
                let packed = &self.input[self.start..end];
                if packed == FINAL {
                    self.ends = true;
                    continue;
                }
                let mut segment = self.free.pop().unwrap_or_else(Segment::new);
                segment.packed.clear();
                segment.packed.extend_from_slice(packed);
                self.start = end;
                return Ok(Some(segment));
            }
            // The mark may be read by halves.
            self.scanned = self.input.len().saturating_sub(MARK.len() - 1).max(self.start);
            if self.input.len() - self.start > LONGEST || self.fill()? == 0 {
                return Ok(None);
            }
        }
    }

    /// Gets the next bytes to give out; false at the end of the member.
    fn advance(&mut self) -> io::Result<bool> {
        while self.sequential.is_none() && self.pool.len() < self.pool.room() {
            match self.cut()? {
                Some(segment) => self.pool.submit(segment)?,
                None => break,
            }
        }
        match self.pool.next()? {
            Some(segment) if segment.whole => self.take(segment),
            Some(segment) => self.mend(segment)?,
            None if self.ends => {
                self.start += FINAL.len();
                self.ends = false;
                return Ok(false);
            }
            None => self.go_on_alone(Vec::new())?,
        }
        Ok(true)
    }

    fn take(&mut self, mut segment: Segment) {
        self.crc.combine(&segment.crc);
        self.bytes += segment.bytes.len() as u64;
        self.remember();
        std::mem::swap(&mut self.current, &mut segment.bytes);
        self.given = 0;
        self.free.push(segment);
    }

    /// A segment that does not end at its mark is tried with the one behind it.
    fn mend(&mut self, mut segment: Segment) -> io::Result<()> {
        for _ in 0..TRIES {
            let next = match self.pool.next()? {
                Some(next) => next,
                None => match self.cut()? {
                    Some(next) => next,
                    None => break,
                },
            };
            segment.packed.extend_from_slice(&next.packed);
            self.decoder.decode(&mut segment);
            if segment.whole {
                self.take(segment);
                return Ok(());
            }
        }
        self.go_on_alone(segment.packed)
    }

    /// From `packed` on, one thread decodes.
    fn go_on_alone(&mut self, packed: Vec<u8>) -> io::Result<()> {
        let mut input = packed;
        while let Some(segment) = self.pool.next()? {
            input.extend_from_slice(&segment.packed);
        }
        input.extend_from_slice(&self.input[self.start..]);
        self.input.clear();
        self.remember();
        self.current.clear();
        self.given = 0;
        let mut inflate = Decompress::new(false);
        if !self.window.is_empty() {
            inflate.set_dictionary(&self.window)?;
        }
        self.sequential = Some(Sequential { inflate, input, used: 0, done: false });
        Ok(())
    }

    /// Keeps the end of what is given out: what comes may refer to it.
    fn remember(&mut self) {
        let tail = self.current.len().saturating_sub(WINDOW);
        self.window.extend_from_slice(&self.current[tail..]);
        let surplus = self.window.len().saturating_sub(WINDOW);
        self.window.drain(..surplus);
    }
}

impl Sequential {
    /// Decodes into `buf`; 0 at the end of the member.
    fn read(&mut self, inner: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
        while !self.done && !buf.is_empty() {
            let at_end = self.used == self.input.len() && {
                self.input.clear();
                self.used = 0;
                inner.by_ref().take(READ as u64).read_to_end(&mut self.input)? == 0
            };
            let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(&self.input[self.used..], buf, FlushDecompress::None)?;
            self.used += usize::try_from(self.inflate.total_in() - read).unwrap_or(usize::MAX);
            let n = usize::try_from(self.inflate.total_out() - written).unwrap_or(usize::MAX);
            self.done = status == Status::StreamEnd;
            if n > 0 {
                return Ok(n);
            }
            if at_end && !self.done {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

impl<R: Read> Read for Parallel<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.given < self.current.len() {
                let n = buf.len().min(self.current.len() - self.given);
                buf[..n].copy_from_slice(&self.current[self.given..][..n]);
                self.given += n;
                return Ok(n);
            }
            if let Some(sequential) = &mut self.sequential {
                let n = sequential.read(&mut self.inner, buf)?;
                self.crc.update(&buf[..n]);
                self.bytes += n as u64;
                return Ok(n);
            }
            if !self.advance()? {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::text;
    use super::*;
    use crate::stream::{GzipReader, GzipWriter, Level};
    use std::io::Write;

    fn packed(content: &[u8], level: Level) -> Vec<u8> {
        let mut writer = GzipWriter::new(Vec::new(), level, 2).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap()
    }

    fn unpacked(packed: &[u8], threads: usize) -> io::Result<Vec<u8>> {
        let mut back = Vec::new();
        GzipReader::new(packed, threads)?.read_to_end(&mut back)?;
        Ok(back)
    }

    /// Stored data full of what looks like marks, and like the end.
    fn marks(len: usize) -> Vec<u8> {
        let mut state = 77u64;
        let mut out = Vec::new();
        while out.len() < len {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            out.extend_from_slice(&state.to_le_bytes()[2..]);
            match state >> 60 {
                0 => out.extend(MARK),
                1 => out.extend(FINAL),
                _ => {}
            }
        }
        out
    }

    #[test]
    fn gives_back_what_was_written() {
        for content in [vec![], vec![1], text(3 * UNIT + 17), marks(5 * UNIT), vec![0; 9 * UNIT], {
            [text(100_000), marks(300_000), vec![0; 400_000], text(1_000_000)].concat()
        }] {
            for level in [Level::Store, Level::Deflate(6)] {
                for threads in [1, 3] {
                    assert!(unpacked(&packed(&content, level), threads).unwrap() == content);
                }
            }
        }
    }

    #[test]
    fn any_gzip_is_read_and_members_follow_each_other() {
        let mut other = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        other.write_all(&text(400_000)).unwrap();
        let other = other.finish().unwrap();
        let ours = packed(&text(600_000), Level::Deflate(6));
        for (members, len) in [(vec![&other, &ours], 1_000_000), (vec![&ours, &other, &ours], 1_600_000)] {
            let stream: Vec<u8> = members.into_iter().flatten().copied().collect();
            assert_eq!(unpacked(&stream, 2).unwrap().len(), len);
        }
    }

    #[test]
    fn a_member_under_our_header_that_is_not_our_kind_is_read_all_the_same() {
        // One stream whose blocks refer to those before them, with marks in it from flushes.
        let content = [text(700_000), marks(200_000), text(700_000)].concat();
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        for piece in content.chunks(50_000) {
            deflate.write_all(piece).unwrap();
            deflate.flush().unwrap();
        }
        let mut stream = super::super::HEADER.to_vec();
        stream.extend(deflate.finish().unwrap());
        let mut crc = Hasher::new();
        crc.update(&content);
        stream.extend(crc.finalize().to_le_bytes());
        stream.extend(&content.len().to_le_bytes()[..4]);
        assert!(unpacked(&stream, 2).unwrap() == content);
    }

    #[test]
    fn damage_and_cuts_are_errors() {
        let sound = packed(&[text(600_000), marks(300_000)].concat(), Level::Deflate(6));
        for cut in [0, 5, 19, 25, 1000, sound.len() / 2, sound.len() - 9, sound.len() - 1] {
            let error = unpacked(&sound[..cut], 2);
            assert!(cut == 0 || error.is_err(), "cut at {cut}");
        }
        for at in (0..sound.len()).step_by(997).filter(|at| !(4..10).contains(at)) {
            let mut damaged = sound.clone();
            damaged[at] ^= 0x10;
            assert!(unpacked(&damaged, 2).is_err(), "damaged at {at}");
        }
    }
}
