//! [`DigestWriter`].

use std::io::{self, Write};

use super::digester::{Digester, PIECE};
use super::{Algorithm, Digests};

/// Digests everything that is written through it.
#[derive(Debug)]
pub struct DigestWriter<W> {
    inner: W,
    digester: Digester,
    piece: Vec<u8>,
    filled: usize,
}

impl<W: Write> DigestWriter<W> {
    /// Writes to `inner`, in large pieces, for these digests.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn new(inner: W, algorithms: &[Algorithm]) -> io::Result<Self> {
        let mut digester = Digester::start(algorithms)?;
        let piece = digester.piece();
        Ok(Self { inner, digester, piece, filled: 0 })
    }

    fn hand_over(&mut self) -> io::Result<()> {
        if self.filled > 0 {
            let next = self.digester.piece();
            let mut piece = std::mem::replace(&mut self.piece, next);
            piece.truncate(self.filled);
            self.filled = 0;
            let piece = self.digester.feed(piece)?;
            self.inner.write_all(&piece)?;
        }
        Ok(())
    }

    /// Writes what is left; returns `inner` and the digests.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self) -> io::Result<(W, Digests)> {
        self.flush()?;
        Ok((self.inner, self.digester.finish()?))
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = buf.len().min(PIECE - self.filled);
        self.piece[self.filled..self.filled + n].copy_from_slice(&buf[..n]);
        self.filled += n;
        if self.filled == PIECE {
            self.hand_over()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_over()?;
        self.inner.flush()
    }
}
