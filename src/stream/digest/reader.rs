//! [`DigestReader`].

use std::io::{self, BufRead, Read};

use super::digester::{Digester, Piece};
use super::{Algorithm, Digests};

/// Digests everything that is read through it.
#[derive(Debug)]
pub struct DigestReader<R> {
    inner: R,
    digester: Digester,
    piece: Piece,
    used: usize,
}

impl<R: Read> DigestReader<R> {
    /// Reads from `inner`, for these digests.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn new(inner: R, algorithms: &[Algorithm]) -> io::Result<Self> {
        Ok(Self { inner, digester: Digester::start(algorithms)?, piece: Piece::default(), used: 0 })
    }

    /// The digests of everything that `inner` gave, whether or not it was consumed here.
    ///
    /// # Errors
    /// A digest thread failed.
    pub fn finish(self) -> io::Result<Digests> {
        self.digester.finish()
    }
}

impl<R: Read> BufRead for DigestReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.piece.len() {
            // Ours is not to keep it from being used again.
            self.piece = Piece::default();
            self.used = 0;
            let mut fresh = self.digester.piece();
            let n = loop {
                match self.inner.read(&mut fresh) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    done => break done?,
                }
            };
            fresh.truncate(n);
            self.piece = self.digester.feed(fresh)?;
        }
        Ok(&self.piece[self.used..])
    }

    fn consume(&mut self, amount: usize) {
        self.used = (self.used + amount).min(self.piece.len());
    }
}

impl<R: Read> Read for DigestReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buf.len());
        buf[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}
