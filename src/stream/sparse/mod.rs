//! Writing a file so that runs of zeros become holes.
//!
//! What is written is gathered into large buffers. A thread looks through them for zeros and writes the rest, while the
//! caller makes the next: decoding and writing are about as expensive as each other.

mod worker;

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use worker::{Buffer, Worker};

use crate::os;

/// What is looked at for zeros: a page, aligned.
const PAGE: usize = 4096;
/// Smallest run of zeros worth a hole between data. Smaller ones save little and cost an extent each: they slow down every
/// copy of the file, and whatever a guest writes there.
const HOLE: usize = 64 * 1024;
/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 20;

/// A file that is whole.
#[derive(Debug)]
pub struct Written {
    /// It.
    pub file: File,
    /// Its length, bytes.
    pub len: u64,
    /// How much of that is data, bytes.
    pub data: u64,
}

/// Writes a new, empty file from front to back. What is zero is skipped, and the file is given its length at the end.
#[derive(Debug)]
pub struct SparseWriter {
    worker: Worker,
    /// Its offset is a multiple of the page.
    pending: Buffer,
    /// Bytes of data that are in the file.
    written: Arc<AtomicU64>,
}

impl SparseWriter {
    /// Writes to `file`, which must be empty.
    #[must_use]
    pub fn new(file: File) -> Self {
        let written = Arc::new(AtomicU64::new(0));
        let mut worker = Worker::new(file, Arc::clone(&written));
        let pending = worker.buffer(0);
        Self { worker, pending, written }
    }

    /// Adds what `read` puts into the room that it is given; returns how much that was.
    ///
    /// # Errors
    /// `read` failed; or writing did, which may be told by a later call.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let room = &mut self.pending.bytes[self.pending.filled..];
        let n = read(room)?.min(room.len());
        self.pending.filled += n;
        if self.pending.filled == BUFFER {
            self.write_pending(0)?;
        }
        Ok(n)
    }

    /// Adds all that `from` gives.
    ///
    /// # Errors
    /// Reading or writing failed.
    pub fn take_all(&mut self, from: &mut impl Read) -> io::Result<()> {
        while self.fill(|room| os::again(|| from.read(room)))? > 0 {}
        Ok(())
    }

    /// Adds a hole of so many bytes.
    ///
    /// # Errors
    /// Writing what is in front of it failed.
    pub fn skip(&mut self, hole: u64) -> io::Result<()> {
        // The pages that it shares with data hold zeros; `pending` begins at a page.
        let filled = self.pending.filled;
        let first = ((filled.next_multiple_of(PAGE) - filled) as u64).min(hole);
        self.write_zeros(first)?;
        let pages = (hole - first) / PAGE as u64 * PAGE as u64;
        if pages > 0 {
            self.write_pending(pages)?;
        }
        self.write_zeros(hole - first - pages)
    }

    fn write_zeros(&mut self, count: u64) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            left -= self.fill(|room| {
                let n = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
                room[..n].fill(0);
                Ok(n)
            })? as u64;
        }
        Ok(())
    }

    /// Bytes of data that were written up to now; a few MiB more may be on their way.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Writes what is left and sets the length.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self) -> io::Result<Written> {
        let len = self.pending.start + self.pending.filled as u64;
        let file = self.worker.finish(self.pending)?;
        file.set_len(len)?;
        Ok(Written { file, len, data: self.written.load(Ordering::Relaxed) })
    }

    /// Hands over what is gathered; what comes next lies behind a hole of so many bytes.
    fn write_pending(&mut self, hole: u64) -> io::Result<()> {
        let next = self.pending.start + self.pending.filled as u64 + hole;
        if self.pending.filled == 0 {
            self.pending.start = next;
            return Ok(());
        }
        let next = self.worker.buffer(next);
        self.worker.submit(std::mem::replace(&mut self.pending, next))
    }
}

impl Write for SparseWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.fill(|room| {
            let n = buf.len().min(room.len());
            room[..n].copy_from_slice(&buf[..n]);
            Ok(n)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether all of `bytes` are zero: compared with zeros, which the C library does as fast as memory is.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    static ZEROS: [u8; PAGE] = [0; PAGE];
    bytes.chunks(PAGE).all(|page| page == &ZEROS[..page.len()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileExt, MetadataExt};

    #[test]
    fn zeros_become_holes_and_content_stays() {
        let mut content = vec![0u8; 8 << 20];
        content[5_000_000..5_000_010].fill(9);
        content.extend_from_slice(b"tail");
        let file = tempfile::tempfile().unwrap();
        let mut writer = SparseWriter::new(file.try_clone().unwrap());
        for piece in content.chunks(77_777) {
            writer.write_all(piece).unwrap();
        }
        let len = writer.finish().unwrap().len;
        assert_eq!(len, content.len() as u64);
        let mut read = vec![0; content.len()];
        file.read_exact_at(&mut read, 0).unwrap();
        assert!(read == content);
        assert!(file.metadata().unwrap().blocks() * 512 <= 3 * PAGE as u64);
    }

    #[test]
    fn an_empty_and_a_zero_file_have_their_length() {
        for len in [0usize, 1, 4096, 4097, 3 << 20] {
            let file = tempfile::tempfile().unwrap();
            let mut writer = SparseWriter::new(file.try_clone().unwrap());
            writer.write_all(&vec![0; len]).unwrap();
            assert_eq!(writer.finish().unwrap().len, len as u64);
            assert_eq!(file.metadata().unwrap().len(), len as u64);
        }
    }

    #[test]
    fn holes_that_are_told_lie_where_they_were_told() {
        let file = tempfile::tempfile().unwrap();
        let mut writer = SparseWriter::new(file.try_clone().unwrap());
        let (holes, mut content) = ([0, 1, 4095, 4096, 10_000, 5 << 20, (1 << 20) - 3], Vec::new());
        for hole in holes {
            writer.write_all(b"data").unwrap();
            writer.skip(hole).unwrap();
            content.extend_from_slice(b"data");
            content.resize(content.len() + usize::try_from(hole).unwrap(), 0);
        }
        assert_eq!(writer.finish().unwrap().len, content.len() as u64);
        let mut read = vec![0; content.len()];
        file.read_exact_at(&mut read, 0).unwrap();
        assert!(read == content);
    }

    #[test]
    fn a_file_that_takes_no_more_is_an_error_at_the_latest_at_the_end() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut writer = SparseWriter::new(full);
        let mut failed = None;
        for _ in 0..64 {
            failed = writer.write_all(&[7; BUFFER]).err();
            if failed.is_some() {
                break;
            }
        }
        let failed = failed.expect("buffers are bounded");
        assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
        assert!(writer.finish().is_err());
    }
}
