//! The threads that digest, and the way to them.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::{Algorithm, Digests};

/// Bytes handed over at once.
pub(super) const PIECE: usize = 256 * 1024;
/// Pieces that may wait for a digest: 1 MiB.
const WAITING: usize = 4;

/// Bytes on their way to the threads.
pub(super) type Piece = Arc<Vec<u8>>;

/// One thread for each digest. They have ended when this is gone, finished or not.
#[derive(Debug)]
pub(super) struct Digester {
    lanes: Vec<Lane>,
    /// Pieces in the order in which they were handed over; the first is free when all threads are through with it.
    lent: VecDeque<Piece>,
    bytes: u64,
}

/// A thread, and the way to it. Dropping it ends the thread.
#[derive(Debug)]
struct Lane {
    algorithm: Algorithm,
    pieces: Option<SyncSender<Piece>>,
    thread: Option<JoinHandle<String>>,
}

impl Digester {
    /// Computes these digests, each once.
    pub(super) fn start(algorithms: &[Algorithm]) -> io::Result<Self> {
        let mut lanes: Vec<Lane> = Vec::new();
        for algorithm in algorithms {
            if lanes.iter().all(|lane| lane.algorithm != *algorithm) {
                lanes.push(Lane::start(*algorithm)?);
            }
        }
        Ok(Self { lanes, lent: VecDeque::new(), bytes: 0 })
    }

    /// A piece to fill, `PIECE` bytes long: one that has been digested, or a new one.
    pub(super) fn piece(&mut self) -> Vec<u8> {
        let free = self.lent.front().is_some_and(|first| Arc::strong_count(first) == 1);
        let piece = if free { self.lent.pop_front().and_then(Arc::into_inner) } else { None };
        let mut piece = piece.unwrap_or_default();
        piece.resize(PIECE, 0);
        piece
    }

    /// Hands `piece` over, and returns it for whatever else is done with it.
    pub(super) fn feed(&mut self, piece: Vec<u8>) -> io::Result<Piece> {
        self.bytes += piece.len() as u64;
        let piece = Arc::new(piece);
        for lane in &self.lanes {
            let sent = lane.pieces.as_ref().map(|pieces| pieces.send(Arc::clone(&piece)));
            if !matches!(sent, Some(Ok(()))) {
                return Err(io::Error::other("a digest thread ended"));
            }
        }
        self.lent.push_back(Arc::clone(&piece));
        Ok(piece)
    }

    /// The digests of all that was handed over.
    pub(super) fn finish(self) -> io::Result<Digests> {
        let mut digests = Digests { bytes: self.bytes, ..Digests::default() };
        for mut lane in self.lanes {
            let hex = lane.end().ok_or_else(|| io::Error::other("a digest thread failed"))?;
            digests.set(lane.algorithm, hex);
        }
        Ok(digests)
    }
}

impl Lane {
    fn start(algorithm: Algorithm) -> io::Result<Self> {
        let (pieces, incoming) = sync_channel::<Piece>(WAITING);
        let mut hasher = algorithm.hasher();
        let thread = std::thread::Builder::new().spawn(move || {
            for piece in incoming {
                hasher.update(&piece);
            }
            hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
                // Writing to a text does not fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        })?;
        Ok(Self { algorithm, pieces: Some(pieces), thread: Some(thread) })
    }

    /// Tells the thread that nothing comes any more, and waits for what it has made of the rest.
    fn end(&mut self) -> Option<String> {
        self.pieces = None;
        self.thread.take().and_then(|thread| thread.join().ok())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.end();
    }
}
