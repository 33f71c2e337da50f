//! [`GzipWriter`]: hands units to threads, and writes what they give back in order.

use std::collections::VecDeque;
use std::io::{self, Write};

use crc32fast::Hasher;

use super::unit::{Encoder, Level, UNIT, Unit};
use super::{FINAL, HEADER, HINT};
use crate::stream::pool::Pool;
use crate::stream::sparse::is_zero;

/// Compresses everything that is written to it into one gzip member.
pub struct GzipWriter<W: Write> {
    inner: W,
    level: Level,
    pool: Pool<[Unit; 2]>,
    /// What is being filled: one unit, and then the other.
    current: [Unit; 2],
    filling: usize,
    /// What is not written yet, in its order.
    order: VecDeque<Item>,
    /// Units that are encoded, and wait for their turn.
    ready: VecDeque<Unit>,
    /// What units are filled in: so many, and no more.
    free: Vec<Vec<u8>>,
    /// A unit of zeros, encoded, as soon as there is one.
    zeros: Option<(Vec<u8>, Hasher)>,
    crc: Hasher,
    bytes: u64,
}

/// What comes next in the stream.
#[derive(Clone, Copy)]
enum Item {
    /// A unit that threads encode.
    Unit,
    /// So many whole units of zeros: no thread is bothered with them, and none waits for them.
    Zeros(u64),
}

/// Pairs of units that may be under way for each that threads are busy with: those that are done early wait for their turn.
const WAITING: usize = 4;
/// Units of zeros behind which a single unit does not wait for another any longer: nobody is to think that we are dead.
const PATIENCE: u64 = 64;

impl<W: Write> GzipWriter<W> {
    /// Writes to `inner`, with `threads` threads that encode.
    ///
    /// # Errors
    /// The header could not be written, or a thread not be started.
    pub fn new(mut inner: W, level: Level, threads: usize) -> io::Result<Self> {
        let mut header = *HEADER;
        header[HINT] = level.hint();
        inner.write_all(&header)?;
        let pool = Pool::start(threads, move || {
            let mut encoder = Encoder::new(level);
            move |units: &mut [Unit; 2]| encoder.encode(units)
        })?;
        let free = vec![vec![0; UNIT]; 2 * pool.room()];
        Ok(Self {
            inner,
            level,
            pool,
            current: [Unit::new(vec![0; UNIT]), Unit::new(vec![0; UNIT])],
            filling: 0,
            order: VecDeque::new(),
            ready: VecDeque::new(),
            free,
            zeros: None,
            crc: Hasher::new(),
            bytes: 0,
        })
    }

    /// Adds what `read` puts into the room that is left in a unit; returns how much that was.
    ///
    /// # Errors
    /// `read` failed, or writing did.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let unit = self.unit();
        let room = &mut unit.bytes[unit.filled..];
        let n = read(room)?.min(room.len());
        unit.filled += n;
        if unit.filled == UNIT {
            self.end_unit()?;
        }
        Ok(n)
    }

    /// Adds so many zeros, without looking at each.
    ///
    /// # Errors
    /// Writing failed.
    pub fn zeros(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let filled = self.unit().filled;
            if filled > 0 && count >= UNIT as u64 {
                self.end_unit()?;
            } else if filled == 0 && count >= UNIT as u64 {
                self.add_zeros(count / UNIT as u64)?;
                count %= UNIT as u64;
            } else {
                count -= self.fill(|room| {
                    let n = usize::try_from(count).unwrap_or(usize::MAX).min(room.len());
                    room[..n].fill(0);
                    Ok(n)
                })? as u64;
            }
        }
        Ok(())
    }

    fn unit(&mut self) -> &mut Unit {
        &mut self.current[self.filling]
    }

    /// Nothing more comes into the current unit.
    fn end_unit(&mut self) -> io::Result<()> {
        let unit = self.unit();
        if unit.filled == UNIT && is_zero(&unit.bytes) {
            unit.filled = 0;
            return self.add_zeros(1);
        }
        self.order.push_back(Item::Unit);
        self.filling += 1;
        if self.filling == self.current.len() { self.dispatch() } else { Ok(()) }
    }

    /// Adds whole units of zeros.
    fn add_zeros(&mut self, more: u64) -> io::Result<()> {
        let count = match self.order.back_mut() {
            Some(Item::Zeros(count)) => {
                *count += more;
                *count
            }
            _ => {
                self.order.push_back(Item::Zeros(more));
                more
            }
        };
        if count >= PATIENCE && self.filling > 0 {
            self.dispatch()?;
        }
        self.write_ready()
    }

    /// Sends the current units on their way, and gets others; waits where there are none, or enough are under way.
    fn dispatch(&mut self) -> io::Result<()> {
        while self.must_wait() && self.collect()? {}
        let mut next = || Unit::new(self.free.pop().unwrap_or_else(|| vec![0; UNIT]));
        let next = [next(), next()];
        self.filling = 0;
        self.pool.submit(std::mem::replace(&mut self.current, next))
    }

    fn must_wait(&self) -> bool {
        let too_many = self.pool.len() >= WAITING * self.pool.room();
        self.pool.is_busy() || self.free.len() < self.current.len() || too_many
    }

    /// Waits for any units to be encoded, and writes what can be written then; false when none are under way.
    fn collect(&mut self) -> io::Result<bool> {
        let Some(units) = self.pool.receive()? else { return Ok(false) };
        self.free.extend(units.iter_mut().filter_map(Unit::release));
        while let Some(units) = self.pool.take() {
            let (filled, empty): (Vec<Unit>, Vec<Unit>) = units.into_iter().partition(|unit| unit.filled > 0);
            self.ready.extend(filled);
            self.reuse(empty);
        }
        self.write_ready()?;
        Ok(true)
    }

    fn reuse(&mut self, units: impl IntoIterator<Item = Unit>) {
        let buffers = units.into_iter().map(Unit::into_bytes);
        self.free.extend(buffers.filter(|bytes| !bytes.is_empty()));
    }

    /// Writes what is next, as far as it is encoded.
    fn write_ready(&mut self) -> io::Result<()> {
        while let Some(item) = self.order.front().copied() {
            match item {
                Item::Zeros(count) => self.write_zeros(count)?,
                Item::Unit => {
                    let Some(unit) = self.ready.pop_front() else { return Ok(()) };
                    unit.write_to(&mut self.inner)?;
                    self.crc.combine(&unit.crc);
                    self.bytes += unit.filled as u64;
                    self.reuse([unit]);
                }
            }
            self.order.pop_front();
        }
        Ok(())
    }

    fn write_zeros(&mut self, count: u64) -> io::Result<()> {
        let level = self.level;
        let (encoded, crc) = self.zeros.get_or_insert_with(|| {
            let (zeros, mut crc) = (vec![0; UNIT], Hasher::new());
            crc.update(&zeros);
            (Encoder::new(level).encode_zeros(&zeros), crc)
        });
        for _ in 0..count {
            self.inner.write_all(encoded)?;
            self.crc.combine(crc);
            self.bytes += UNIT as u64;
        }
        Ok(())
    }

    /// Writes what is left, and the end of the member.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self) -> io::Result<W> {
        if self.unit().filled > 0 {
            self.end_unit()?;
        }
        if self.filling > 0 {
            self.dispatch()?;
        }
        while self.collect()? {}
        self.inner.write_all(&FINAL)?;
        self.inner.write_all(&self.crc.finalize().to_le_bytes())?;
        // The length counts modulo 2^32.
        self.inner.write_all(&self.bytes.to_le_bytes()[..4])?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for GzipWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.fill(|room| {
            let n = buf.len().min(room.len());
            room[..n].copy_from_slice(&buf[..n]);
            Ok(n)
        })
    }

    /// What has been encoded goes on; a unit that is not full waits for more.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{noise, text};
    use super::*;
    use flate2::bufread::GzDecoder;
    use std::io::Read;

    #[test]
    fn one_member_that_others_read() {
        let mixed = [text(300_000), noise(200_000), vec![0; 900_000], text(70_000), noise(5)].concat();
        let cases =
            [vec![], vec![7], text(UNIT), text(UNIT + 1), noise(3 * UNIT), vec![0; 5 * UNIT + 3], mixed];
        for content in cases {
            for level in [Level::Store, Level::Deflate(1), Level::Deflate(6), Level::Deflate(9)] {
                for threads in [1, 3] {
                    let mut writer = GzipWriter::new(Vec::new(), level, threads).unwrap();
                    content.chunks(77_777).for_each(|piece| writer.write_all(piece).unwrap());
                    let packed = writer.finish().unwrap();
                    let mut decoder = GzDecoder::new(&packed[..]);
                    let mut back = Vec::new();
                    decoder.read_to_end(&mut back).unwrap();
                    assert!(back == content, "{} bytes at {level:?}", content.len());
                    assert!(decoder.into_inner().is_empty(), "one member only");
                }
            }
        }
    }

    #[test]
    fn zeros_that_are_told_are_as_good_as_zeros_that_are_written() {
        let holes = [0, 5, UNIT as u64 - 6, 3 * UNIT as u64 + 77, UNIT as u64, 2 * UNIT as u64 - 82];
        let mut content = Vec::new();
        let mut writer = GzipWriter::new(Vec::new(), Level::Deflate(6), 2).unwrap();
        for hole in holes {
            writer.write_all(b"data").unwrap();
            writer.zeros(hole).unwrap();
            content.extend_from_slice(b"data");
            content.resize(content.len() + usize::try_from(hole).unwrap(), 0);
        }
        let packed = writer.finish().unwrap();
        let mut back = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut back).unwrap();
        assert!(back == content);
        assert!(packed.len() < 20_000, "{}", packed.len());
    }

    #[test]
    fn only_what_becomes_smaller_is_compressed() {
        let size = |content: &[u8]| {
            let mut writer = GzipWriter::new(Vec::new(), Level::Deflate(6), 2).unwrap();
            writer.write_all(content).unwrap();
            writer.finish().unwrap().len()
        };
        assert!(size(&noise(1 << 20)) < (1 << 20) + 1000);
        assert!(size(&vec![0; 1 << 20]) < 2000);
        assert!(size(&text(1 << 20)) < 300_000);
    }
}
