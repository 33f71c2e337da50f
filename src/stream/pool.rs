//! Threads that do one kind of work on pieces that come back in the order in which they were handed in.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Pieces under way besides the one that each thread works on: what the first to be done finds.
const AHEAD: usize = 1;

/// A piece, and where it goes when the work is done.
type Job<T> = (T, SyncSender<T>);

/// The threads, and the pieces that are under way. Dropping it ends the threads.
pub(super) struct Pool<T> {
    jobs: Option<Sender<Job<T>>>,
    threads: Vec<JoinHandle<()>>,
    under_way: VecDeque<Receiver<T>>,
}

impl<T: Send + 'static> Pool<T> {
    /// Starts `threads` threads, at least one; each does the work that `worker` makes for it.
    pub(super) fn start<W: FnMut(&mut T)>(
        threads: usize,
        worker: impl Fn() -> W + Send + Clone + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = channel::<Job<T>>();
        let queue = Arc::new(Mutex::new(queue));
        let mut handles = Vec::new();
        for _ in 0..threads.max(1) {
            let (queue, worker) = (Arc::clone(&queue), worker.clone());
            handles.push(std::thread::Builder::new().spawn(move || serve(&queue, worker()))?);
        }
        Ok(Self { jobs: Some(jobs), threads: handles, under_way: VecDeque::new() })
    }

    /// Whether as many pieces are under way as are good for anything.
    pub(super) fn is_full(&self) -> bool {
        self.under_way.len() >= self.threads.len() + AHEAD
    }

    /// Hands in a piece.
    pub(super) fn submit(&mut self, piece: T) -> io::Result<()> {
        let (done, receiver) = sync_channel(1);
        let sent = self.jobs.as_ref().map(|jobs| jobs.send((piece, done)));
        self.under_way.push_back(receiver);
        if matches!(sent, Some(Ok(()))) { Ok(()) } else { Err(ended()) }
    }

    /// Waits for the piece that was handed in first; `None` when none is under way.
    pub(super) fn next(&mut self) -> io::Result<Option<T>> {
        match self.under_way.pop_front() {
            None => Ok(None),
            Some(receiver) => receiver.recv().map(Some).map_err(|_| ended()),
        }
    }
}

impl<T> Drop for Pool<T> {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // One that panicked has lost its piece, which was told when it was waited for.
            let _ = thread.join();
        }
    }
}

fn serve<T>(queue: &Mutex<Receiver<Job<T>>>, mut work: impl FnMut(&mut T)) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((mut piece, done)) = job else { return };
        work(&mut piece);
        // Whoever waited for it may have given up.
        let _ = done.send(piece);
    }
}

fn ended() -> io::Error {
    io::Error::other("a worker thread ended")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_in_order() {
        let mut pool = Pool::start(3, || |piece: &mut u64| *piece *= 2).unwrap();
        let mut back = Vec::new();
        for piece in 0..100 {
            if pool.is_full() {
                back.extend(pool.next().unwrap());
            }
            pool.submit(piece).unwrap();
        }
        while let Some(piece) = pool.next().unwrap() {
            back.push(piece);
        }
        assert_eq!(back, (0..100).map(|piece| piece * 2).collect::<Vec<_>>());
    }

    #[test]
    fn a_worker_that_panics_is_an_error() {
        let mut pool = Pool::start(1, || |piece: &mut u64| assert!(*piece < 1, "on purpose")).unwrap();
        pool.submit(0).unwrap();
        pool.submit(1).unwrap();
        assert_eq!(pool.next().unwrap(), Some(0));
        assert!(pool.next().is_err());
    }
}
