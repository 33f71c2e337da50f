//! [`GzipReader`]: reads any gzip; members of our own kind by several threads.

use std::io::{self, BufRead, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::parallel::Parallel;
use super::{HEADER, HINT};
use crate::stream::peek;

/// The stream, whose first bytes have been looked at.
type Looked<R> = Chain<Cursor<Vec<u8>>, R>;
/// What stands behind a member of our own kind, and then the stream.
type Behind<R> = MultiGzDecoder<Chain<Cursor<Vec<u8>>, Looked<R>>>;

enum State<R> {
    Ours(Box<Parallel<Looked<R>>>),
    Any(Box<MultiGzDecoder<Looked<R>>>),
    /// A member that came behind one of ours.
    Behind(Box<Behind<R>>),
    End,
}

/// Decodes all gzip members of a stream.
pub struct GzipReader<R: BufRead> {
    state: State<R>,
}

impl<R: BufRead> GzipReader<R> {
    /// Reads from `inner`, with `threads` threads where that is possible.
    ///
    /// # Errors
    /// Reading failed, or a thread could not be started.
    pub fn new(inner: R, threads: usize) -> io::Result<Self> {
        let mut looked = peek(inner, HEADER.len())?;
        let mut header = looked.first.clone();
        if let Some(hint) = header.get_mut(HINT) {
            *hint = HEADER[HINT];
        }
        let state = if header == *HEADER {
            io::copy(&mut looked.whole.by_ref().take(HEADER.len() as u64), &mut io::sink())?;
            State::Ours(Box::new(Parallel::new(looked.whole, threads)?))
        } else {
            State::Any(Box::new(MultiGzDecoder::new(looked.whole)))
        };
        Ok(Self { state })
    }
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = match &mut self.state {
                State::Ours(member) => member.read(buf)?,
                State::Any(members) => return members.read(buf),
                State::Behind(members) => return members.read(buf),
                State::End => return Ok(0),
            };
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            let State::Ours(member) = std::mem::replace(&mut self.state, State::End) else { return Ok(0) };
            let (first, mut rest) = member.finish()?;
            if !first.is_empty() || !rest.fill_buf()?.is_empty() {
                self.state = State::Behind(Box::new(MultiGzDecoder::new(Cursor::new(first).chain(rest))));
            }
        }
    }
}
