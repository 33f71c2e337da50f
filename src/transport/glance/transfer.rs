//! [`Transfer`]: a request whose body is written while it is on its way.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::error::Error;
use super::image::Image;
use crate::http::{Body, Request};
use crate::stream::{Algorithm, DigestReader, Digests};

/// Pieces that may wait for the network; the pipeline writes pieces of 256 KiB.
const WAITING: usize = 8;

/// What the request's thread is handed.
enum Piece {
    Bytes(Vec<u8>),
    /// The body is whole.
    End,
}

/// A request on a thread of its own. Dropping it breaks the request off, so that the server keeps nothing: it never gets
/// the last chunk.
pub(super) struct Transfer {
    pieces: Option<SyncSender<Piece>>,
    thread: Option<JoinHandle<Result<Digests, Error>>>,
}

impl Transfer {
    /// Begins to send `request` to the server of `image`.
    pub(super) fn start(image: Image, request: Request) -> Self {
        let (pieces, incoming) = sync_channel(WAITING);
        let thread = std::thread::spawn(move || {
            let incoming = Incoming { pieces: incoming, piece: Vec::new(), used: 0 };
            // What Glance says: MD5 always, and what newer ones compute by default.
            let read = |e: io::Error| image.broken(&e.to_string());
            let mut body = DigestReader::new(incoming, &[Algorithm::Md5, Algorithm::Sha512]).map_err(read)?;
            image.ask(&request, Body::Stream(&mut body))?;
            body.finish().map_err(read)
        });
        Self { pieces: Some(pieces), thread: Some(thread) }
    }

    /// Hands `bytes` over.
    ///
    /// # Errors
    /// The request has ended: the server refused it, or the connection broke.
    pub(super) fn send(&mut self, bytes: &[u8], image: &Image) -> Result<(), Error> {
        let sent = self.pieces.as_ref().map(|pieces| pieces.send(Piece::Bytes(bytes.to_vec())));
        match sent {
            Some(Ok(())) => Ok(()),
            // The body has not ended: whatever the server said to what it got, it was no answer to all of it.
            _ => Err(self.end(image).err().unwrap_or_else(|| image.broken("an answer before its end"))),
        }
    }

    /// Ends the body and waits for the server to take it; the digests of all that was sent.
    pub(super) fn finish(mut self, image: &Image) -> Result<Digests, Error> {
        if let Some(pieces) = &self.pieces {
            // A thread that has ended already says why below.
            let _ = pieces.send(Piece::End);
        }
        self.end(image)
    }

    /// Waits for the thread to end.
    fn end(&mut self, image: &Image) -> Result<Digests, Error> {
        self.pieces = None;
        let ended = self.thread.take().and_then(|thread| thread.join().ok());
        ended.unwrap_or_else(|| Err(image.broken("an earlier failure")))
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.pieces = None;
        if let Some(thread) = self.thread.take() {
            // It says nothing new: the request was given up.
            let _ = thread.join();
        }
    }
}

impl Image {
    pub(super) fn broken(&self, found: &str) -> Error {
        Error::Answer { image: self.id.clone(), expected: "a whole upload", found: found.to_owned() }
    }
}

/// The body as the request reads it.
struct Incoming {
    pieces: Receiver<Piece>,
    piece: Vec<u8>,
    used: usize,
}

impl Read for Incoming {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.used == self.piece.len() {
            match self.pieces.recv() {
                Ok(Piece::Bytes(bytes)) => (self.piece, self.used) = (bytes, 0),
                Ok(Piece::End) => return Ok(0),
                Err(_) => return Err(io::Error::other("the upload was given up")),
            }
        }
        let n = buf.len().min(self.piece.len() - self.used);
        buf[..n].copy_from_slice(&self.piece[self.used..self.used + n]);
        self.used += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_that_was_said_is_one() {
        let read = |pieces: Vec<Piece>| {
            let (sender, receiver) = sync_channel(WAITING);
            pieces.into_iter().for_each(|piece| sender.send(piece).unwrap());
            drop(sender);
            let mut all = Vec::new();
            Incoming { pieces: receiver, piece: Vec::new(), used: 0 }.read_to_end(&mut all).map(|_| all)
        };
        let pieces = || vec![Piece::Bytes(vec![1; 70_000]), Piece::Bytes(vec![]), Piece::Bytes(vec![2])];
        assert!(read(pieces()).is_err());
        let whole = read([pieces(), vec![Piece::End]].into_iter().flatten().collect()).unwrap();
        assert_eq!((whole.len(), whole[69_999], whole[70_000]), (70_001, 1, 2));
    }
}
