//! Threads that do one kind of work on pieces that come back in the order in which they were handed in.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Pieces to be worked on besides the one that each thread is at. Whoever hands them in has to wait for a processor when all
/// are at work: one to find is not enough.
const AHEAD: usize = 2;

/// A piece, and its number.
type Job<T> = (u64, T);
/// What has become of a piece: nothing, if the work on it panicked.
type Done<T> = (u64, Option<T>);

/// The threads, and the pieces that are under way. Dropping it ends the threads.
pub(super) struct Pool<T> {
    jobs: Option<Sender<Job<T>>>,
    done: Receiver<Done<T>>,
    threads: Vec<JoinHandle<()>>,
    /// The pieces that were handed in and not taken back, in their order: those that are done, and places for the others.
    under_way: VecDeque<Option<T>>,
    /// The number of the first of them.
    first: u64,
    /// How many of them are not done.
    busy: usize,
}

impl<T: Send + 'static> Pool<T> {
    /// Starts `threads` threads, at least one; each does the work that `worker` makes for it.
    pub(super) fn start<W: FnMut(&mut T)>(
        threads: usize,
        worker: impl Fn() -> W + Send + Clone + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = channel::<Job<T>>();
        let (results, done) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut handles = Vec::new();
        for _ in 0..threads.max(1) {
            let (queue, results, worker) = (Arc::clone(&queue), results.clone(), worker.clone());
            handles.push(std::thread::Builder::new().spawn(move || serve(&queue, &results, worker()))?);
        }
        Ok(Self { jobs: Some(jobs), done, threads: handles, under_way: VecDeque::new(), first: 0, busy: 0 })
    }

    /// How many pieces may be handed in before it is full.
    pub(super) fn room(&self) -> usize {
        self.threads.len() + AHEAD
    }

    /// Whether as many pieces are to be worked on as are good for anything.
    pub(super) fn is_busy(&self) -> bool {
        self.busy >= self.room()
    }

    /// Pieces that were handed in and not taken back.
    pub(super) fn len(&self) -> usize {
        self.under_way.len()
    }

    /// Hands in a piece.
    pub(super) fn submit(&mut self, piece: T) -> io::Result<()> {
        let number = self.first + self.under_way.len() as u64;
        let sent = self.jobs.as_ref().map(|jobs| jobs.send((number, piece)));
        self.under_way.push_back(None);
        self.busy += 1;
        if matches!(sent, Some(Ok(()))) { Ok(()) } else { Err(ended()) }
    }

    /// Waits for any piece to be done, and shows it; `None` when there is none to wait for.
    pub(super) fn receive(&mut self) -> io::Result<Option<&mut T>> {
        if self.busy == 0 {
            return Ok(None);
        }
        let (number, piece) = self.done.recv().map_err(|_| ended())?;
        self.busy -= 1;
        let piece = piece.ok_or_else(ended)?;
        let index = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        let place = self.under_way.get_mut(index).ok_or_else(ended)?;
        Ok(Some(place.insert(piece)))
    }

    /// Takes back the piece that was handed in first, if it is done.
    pub(super) fn take(&mut self) -> Option<T> {
        let piece = self.under_way.front_mut()?.take()?;
        self.under_way.pop_front();
        self.first += 1;
        Some(piece)
    }

    /// Waits for the piece that was handed in first; `None` when none is under way.
    pub(super) fn next(&mut self) -> io::Result<Option<T>> {
        while !self.under_way.is_empty() {
            if let Some(piece) = self.take() {
                return Ok(Some(piece));
            }
            self.receive()?;
        }
        Ok(None)
    }
}

impl<T> Drop for Pool<T> {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

fn serve<T>(queue: &Mutex<Receiver<Job<T>>>, done: &Sender<Done<T>>, mut work: impl FnMut(&mut T)) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, mut piece)) = job else { return };
        let worked = catch_unwind(AssertUnwindSafe(|| work(&mut piece))).is_ok();
        // Whoever waited for it may have given up.
        let _ = done.send((number, worked.then_some(piece)));
        if !worked {
            return;
        }
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
            if pool.len() >= pool.room() {
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
    fn pieces_that_are_done_early_wait_for_their_turn() {
        let mut pool =
            Pool::start(2, || |piece: &mut u64| std::thread::sleep(std::time::Duration::from_millis(*piece)))
                .unwrap();
        for piece in [300, 0, 1, 2] {
            pool.submit(piece).unwrap();
        }
        let mut seen = Vec::new();
        while let Some(piece) = pool.receive().unwrap() {
            seen.push(*piece);
        }
        assert_eq!(seen, [0, 1, 2, 300]);
        assert!(!pool.is_busy() && pool.receive().unwrap().is_none());
        let back: Vec<u64> = std::iter::from_fn(|| pool.take()).collect();
        assert_eq!(back, [300, 0, 1, 2]);
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
