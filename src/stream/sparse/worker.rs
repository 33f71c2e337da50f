//! Who writes, and the buffers on their way there and back.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::{BUFFER, HOLE, PAGE, is_zero};
use crate::os;

/// Buffers that may wait to be written.
const WAITING: usize = 2;

/// Bytes, and where in the file they belong.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) start: u64,
    /// `BUFFER` bytes, of which the first `filled` count.
    pub(super) bytes: Vec<u8>,
    pub(super) filled: usize,
}

/// Who writes: a thread, from the second buffer on. What fits into one is not worth starting one for.
#[derive(Debug)]
pub(super) enum Worker {
    Idle(Writing),
    Running(Thread),
    /// It failed, and has said why.
    Failed,
}

/// The thread. Dropping it ends it, and waits for what it is at.
#[derive(Debug)]
pub(super) struct Thread {
    full: Option<SyncSender<Buffer>>,
    empty: Receiver<Vec<u8>>,
    handle: Option<JoinHandle<io::Result<File>>>,
}

impl Worker {
    /// Writes to `file`; `written` is told how much.
    pub(super) fn new(file: File, written: Arc<AtomicU64>) -> Self {
        Self::Idle(Writing { file, written, writeback: os::Writeback::default() })
    }

    /// An empty buffer for what comes at `start`.
    pub(super) fn buffer(&mut self, start: u64) -> Buffer {
        let used = match self {
            Self::Running(thread) => thread.empty.try_recv().ok(),
            Self::Idle(_) | Self::Failed => None,
        };
        Buffer { start, bytes: used.unwrap_or_else(|| vec![0; BUFFER]), filled: 0 }
    }

    /// Hands a buffer over that is not the last.
    pub(super) fn submit(&mut self, buffer: Buffer) -> io::Result<()> {
        *self = match std::mem::replace(self, Self::Failed) {
            Self::Idle(writing) => Self::Running(Thread::start(writing)?),
            other => other,
        };
        let Self::Running(thread) = self else { return Err(ended()) };
        let sent = thread.full.as_ref().is_some_and(|full| full.send(buffer).is_ok());
        if sent {
            return Ok(());
        }
        // The thread has ended: it says why.
        let why = thread.finish().err().unwrap_or_else(ended);
        *self = Self::Failed;
        Err(why)
    }

    /// Writes the last buffer, and waits until all is written.
    pub(super) fn finish(&mut self, last: Buffer) -> io::Result<File> {
        match std::mem::replace(self, Self::Failed) {
            Self::Idle(mut writing) => {
                writing.write(&last.bytes[..last.filled], last.start)?;
                Ok(writing.file)
            }
            running @ Self::Running(_) => {
                *self = running;
                self.submit(last)?;
                let Self::Running(thread) = self else { return Err(ended()) };
                thread.finish()
            }
            Self::Failed => Err(ended()),
        }
    }
}

impl Thread {
    fn start(mut writing: Writing) -> io::Result<Self> {
        let (full, incoming) = sync_channel::<Buffer>(WAITING);
        let (emptied, empty) = sync_channel(WAITING + 2);
        let handle = std::thread::Builder::new().spawn(move || {
            for buffer in incoming {
                writing.write(&buffer.bytes[..buffer.filled], buffer.start)?;
                // There is room for all; nobody may be left to take them.
                let _ = emptied.try_send(buffer.bytes);
            }
            Ok(writing.file)
        })?;
        Ok(Self { full: Some(full), empty, handle: Some(handle) })
    }

    fn finish(&mut self) -> io::Result<File> {
        self.full = None;
        let ended_with = self.handle.take().and_then(|handle| handle.join().ok());
        ended_with.unwrap_or_else(|| Err(ended()))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.full = None;
        if let Some(handle) = self.handle.take() {
            // Whoever gave up knows why.
            let _ = handle.join();
        }
    }
}

fn ended() -> io::Error {
    io::Error::other("the thread that writes has ended")
}

/// A file, and how it is written.
#[derive(Debug)]
pub(super) struct Writing {
    file: File,
    written: Arc<AtomicU64>,
    writeback: os::Writeback,
}

impl Writing {
    /// Writes what holds anything, and the zeros in it that are not worth a hole.
    fn write(&mut self, bytes: &[u8], start: u64) -> io::Result<()> {
        // From its first page with data to behind its last.
        let mut run: Option<(usize, usize)> = None;
        for (index, page) in bytes.chunks(PAGE).enumerate() {
            if is_zero(page) {
                continue;
            }
            let (at, end) = (index * PAGE, index * PAGE + page.len());
            run = match run {
                Some((from, to)) if at - to < HOLE => Some((from, end)),
                Some((from, to)) => {
                    self.write_run(&bytes[from..to], start + from as u64)?;
                    Some((at, end))
                }
                None => Some((at, end)),
            };
        }
        if let Some((from, to)) = run {
            self.write_run(&bytes[from..to], start + from as u64)?;
        }
        let end = start + bytes.len() as u64;
        self.writeback.written(&self.file, end);
        Ok(())
    }

    fn write_run(&self, run: &[u8], at: u64) -> io::Result<()> {
        self.file.write_all_at(run, at)?;
        self.written.fetch_add(run.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}
