//! MD5 and SHA-256, and others that are asked for, of what passes through, computed on a thread of their own.
//!
//! MD5 runs at half a gigabyte a second: in line with inflating or writing it would be the slowest stage.

use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512};

/// Bytes handed over at once.
const PIECE: usize = 256 * 1024;
/// Pieces that may wait for the digests: 2 MiB.
const WAITING: usize = 8;

/// A kind of digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5: always computed.
    Md5,
    /// SHA-256: always computed.
    Sha256,
    /// SHA-512: computed where it is asked for.
    Sha512,
}

impl Algorithm {
    /// The algorithm that `name` names, as Python's hashlib does; `None` for one that is not known here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256, Self::Sha512].into_iter().find(|known| known.to_string() == name)
    }

    /// Hex digits of such a digest.
    #[must_use]
    pub fn hex_len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        })
    }
}

/// The digests of a stream, and its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Bytes that passed.
    pub bytes: u64,
    /// MD5, lower-case hex.
    pub md5: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// SHA-512, lower-case hex, if it was asked for.
    pub sha512: Option<String>,
}

impl Digests {
    /// The digest of a kind, lower-case hex, if it was computed.
    #[must_use]
    pub fn of(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Md5 => Some(&self.md5),
            Algorithm::Sha256 => Some(&self.sha256),
            Algorithm::Sha512 => self.sha512.as_deref(),
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// The thread that digests, and the way to it. It ends with whoever owns this, finished or not.
#[derive(Debug)]
struct Digester {
    pieces: Option<SyncSender<Arc<Vec<u8>>>>,
    thread: Option<JoinHandle<Digests>>,
}

impl Digester {
    /// Digests the usual, and what is in `also`.
    fn start(also: &[Algorithm]) -> Self {
        let (pieces, incoming) = sync_channel::<Arc<Vec<u8>>>(WAITING);
        let (mut md5, mut sha256, mut bytes) = (Md5::new(), Sha256::new(), 0);
        let mut sha512 = also.contains(&Algorithm::Sha512).then(Sha512::new);
        let thread = std::thread::spawn(move || {
            for piece in incoming {
                md5.update(piece.as_slice());
                sha256.update(piece.as_slice());
                if let Some(sha512) = &mut sha512 {
                    sha512.update(piece.as_slice());
                }
                bytes += piece.len() as u64;
            }
            let hex = |digest: &[u8]| Hex(digest).to_string();
            let sha512 = sha512.map(|sha512| hex(&sha512.finalize()));
            Digests { bytes, md5: hex(&md5.finalize()), sha256: hex(&sha256.finalize()), sha512 }
        });
        Self { pieces: Some(pieces), thread: Some(thread) }
    }

    fn feed(&self, piece: &Arc<Vec<u8>>) -> io::Result<()> {
        let sent = self.pieces.as_ref().map(|pieces| pieces.send(Arc::clone(piece)));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(io::Error::other("the digest thread ended")),
        }
    }

    fn finish(mut self) -> io::Result<Digests> {
        self.end().ok_or_else(|| io::Error::other("the digest thread failed"))
    }

    /// Tells the thread that nothing comes any more, and waits for it.
    fn end(&mut self) -> Option<Digests> {
        self.pieces = None;
        self.thread.take().and_then(|thread| thread.join().ok())
    }
}

impl Drop for Digester {
    fn drop(&mut self) {
        self.end();
    }
}

/// Digests everything that is read through it.
#[derive(Debug)]
pub struct DigestReader<R> {
    inner: R,
    digester: Digester,
    piece: Arc<Vec<u8>>,
    used: usize,
}

impl<R: Read> DigestReader<R> {
    /// Reads from `inner`.
    pub fn new(inner: R) -> Self {
        Self::with(inner, &[])
    }

    /// Reads from `inner`, and digests as `also` asks as well.
    pub fn with(inner: R, also: &[Algorithm]) -> Self {
        Self { inner, digester: Digester::start(also), piece: Arc::default(), used: 0 }
    }

    /// The digests of everything that `inner` gave, whether or not it was consumed here.
    ///
    /// # Errors
    /// The digest thread failed.
    pub fn finish(self) -> io::Result<Digests> {
        self.digester.finish()
    }
}

impl<R: Read> BufRead for DigestReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.piece.len() {
            let mut fresh = vec![0; PIECE];
            let n = loop {
                match self.inner.read(&mut fresh) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    done => break done?,
                }
            };
            fresh.truncate(n);
            self.piece = Arc::new(fresh);
            self.used = 0;
            self.digester.feed(&self.piece)?;
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

/// Digests everything that is written through it.
#[derive(Debug)]
pub struct DigestWriter<W> {
    inner: W,
    digester: Digester,
    piece: Vec<u8>,
}

impl<W: Write> DigestWriter<W> {
    /// Writes to `inner`, in large pieces.
    pub fn new(inner: W) -> Self {
        Self { inner, digester: Digester::start(&[]), piece: Vec::with_capacity(PIECE) }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            let piece = Arc::new(std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE)));
            self.digester.feed(&piece)?;
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
        let n = buf.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&buf[..n]);
        if self.piece.len() == PIECE {
            self.hand_over()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_over()?;
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_bytes() {
        let mut reader = DigestReader::new(&b"abc"[..]);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let digests = reader.finish().unwrap();
        assert_eq!((text.as_str(), digests.bytes), ("abc", 3));
        assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digests.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

        assert_eq!(digests.sha512, None);

        let mut reader = DigestReader::with(&b"abc"[..], &[Algorithm::Sha512, Algorithm::Md5]);
        io::copy(&mut reader, &mut io::sink()).unwrap();
        let digests = reader.finish().unwrap();
        assert!(digests.of(Algorithm::Sha512).unwrap().starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(digests.of(Algorithm::Md5), Some("900150983cd24fb0d6963f7d28e17f72"));
        for (algorithm, name) in [(Algorithm::Md5, "md5"), (Algorithm::Sha512, "sha512")] {
            assert_eq!(Algorithm::named(name), Some(algorithm));
            assert_eq!(digests.of(algorithm).unwrap().len(), algorithm.hex_len());
        }
        assert_eq!(Algorithm::named("blake2b"), None);

        let mut writer = DigestWriter::new(Vec::new());
        writer.write_all(&vec![7; 3 * PIECE + 5]).unwrap();
        let (bytes, written) = writer.finish().unwrap();
        assert_eq!((bytes.len(), written.bytes), (3 * PIECE + 5, 3 * PIECE as u64 + 5));
        let mut reader = DigestReader::new(&bytes[..]);
        io::copy(&mut reader, &mut io::sink()).unwrap();
        assert_eq!(reader.finish().unwrap(), written);
    }
}
