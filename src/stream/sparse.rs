//! Writing a file so that runs of zeros become holes.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::os::unix::fs::FileExt;

/// Smallest run of zeros worth a hole: a page, aligned.
const PAGE: usize = 4096;
/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 20;

/// Writes a new, empty file from front to back. What is zero is skipped, and the file is given its length at the end.
#[derive(Debug)]
pub struct SparseWriter {
    file: File,
    /// Offset in the file of the first byte of `pending`; a multiple of the page.
    start: u64,
    pending: Vec<u8>,
    /// Bytes of data that are in the file.
    written: u64,
}

impl SparseWriter {
    /// Writes to `file`, which must be empty.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self { file, start: 0, pending: Vec::with_capacity(BUFFER), written: 0 }
    }

    /// Adds a hole of so many bytes.
    ///
    /// # Errors
    /// Writing what is in front of it failed.
    pub fn skip(&mut self, hole: u64) -> io::Result<()> {
        // The pages that it shares with data hold zeros; `pending` begins at a page.
        let to_page = (self.pending.len().next_multiple_of(PAGE) - self.pending.len()) as u64;
        let first = to_page.min(hole);
        self.write_zeros(first)?;
        let pages = (hole - first) / PAGE as u64 * PAGE as u64;
        if pages > 0 {
            self.write_pending()?;
            self.start += pages;
        }
        self.write_zeros(hole - first - pages)
    }

    fn write_zeros(&mut self, count: u64) -> io::Result<()> {
        io::copy(&mut io::repeat(0).take(count), self).map(drop)
    }

    /// Bytes of data that were written up to now.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Writes what is left and sets the length; returns the file and its length in bytes.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self) -> io::Result<(File, u64)> {
        self.write_pending()?;
        self.file.set_len(self.start)?;
        Ok((self.file, self.start))
    }

    /// Writes the runs of pages that hold anything.
    fn write_pending(&mut self) -> io::Result<()> {
        let mut data_from = None;
        for (index, page) in self.pending.chunks(PAGE).enumerate() {
            let at = index * PAGE;
            match (is_zero(page), data_from) {
                (true, Some(from)) => {
                    self.file.write_all_at(&self.pending[from..at], self.start + from as u64)?;
                    self.written += (at - from) as u64;
                    data_from = None;
                }
                (false, None) => data_from = Some(at),
                _ => {}
            }
        }
        if let Some(from) = data_from {
            self.file.write_all_at(&self.pending[from..], self.start + from as u64)?;
            self.written += (self.pending.len() - from) as u64;
        }
        self.start += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

impl Write for SparseWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = buf.len().min(BUFFER - self.pending.len());
        self.pending.extend_from_slice(&buf[..n]);
        if self.pending.len() == BUFFER {
            self.write_pending()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether all of `bytes` are zero. Words are folded together so that the compiler can use wide registers.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    let mut chunks = bytes.chunks_exact(256);
    let wide = chunks.by_ref().all(|chunk| {
        let fold = chunk.as_chunks::<8>().0.iter().fold(0, |acc, word| acc | u64::from_ne_bytes(*word));
        fold == 0
    });
    wide && chunks.remainder().iter().all(|b| *b == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

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
        let (_, len) = writer.finish().unwrap();
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
            assert_eq!(writer.finish().unwrap().1, len as u64);
            assert_eq!(file.metadata().unwrap().len(), len as u64);
        }
    }
}
