//! The thread that writes, and the buffers on their way to it and back.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::{BUFFER, PAGE, is_zero};
use crate::os;

/// Buffers that may wait to be written.
const WAITING: usize = 2;
/// Bytes written after which the system is asked to bring them to the disk: the syncing at the end is short then.
const WRITEBACK: u64 = 16 << 20;

/// Bytes, and where in the file they belong.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) start: u64,
    /// `BUFFER` bytes, of which the first `filled` count.
    pub(super) bytes: Vec<u8>,
    pub(super) filled: usize,
}

/// The thread. Dropping it ends it, and waits for what it is at.
#[derive(Debug)]
pub(super) struct Worker {
    full: Option<SyncSender<Buffer>>,
    empty: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<io::Result<File>>>,
}

impl Worker {
    /// Starts to write to `file`; `written` is told how much.
    pub(super) fn start(file: File, written: Arc<AtomicU64>) -> io::Result<Self> {
        let (full, incoming) = sync_channel::<Buffer>(WAITING);
        let (emptied, empty) = sync_channel(WAITING + 2);
        let thread = std::thread::Builder::new().spawn(move || {
            let mut writing = Writing { file, written, behind: 0 };
            for buffer in incoming {
                writing.write(&buffer.bytes[..buffer.filled], buffer.start)?;
                // There is room for all; nobody may be left to take them.
                let _ = emptied.try_send(buffer.bytes);
            }
            Ok(writing.file)
        })?;
        Ok(Self { full: Some(full), empty, thread: Some(thread) })
    }

    /// An empty buffer for what comes at `start`.
    pub(super) fn buffer(&mut self, start: u64) -> Buffer {
        let bytes = self.empty.try_recv().unwrap_or_else(|_| vec![0; BUFFER]);
        Buffer { start, bytes, filled: 0 }
    }

    /// Hands a buffer over.
    pub(super) fn submit(&mut self, buffer: Buffer) -> io::Result<()> {
        match self.full.as_ref().map(|full| full.send(buffer)) {
            Some(Ok(())) => Ok(()),
            // The thread has ended: it says why.
            _ => Err(self.finish().err().unwrap_or_else(ended)),
        }
    }

    /// Waits until all is written.
    pub(super) fn finish(&mut self) -> io::Result<File> {
        self.full = None;
        let ended_with = self.thread.take().and_then(|thread| thread.join().ok());
        ended_with.unwrap_or_else(|| Err(ended()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.full = None;
        if let Some(thread) = self.thread.take() {
            // Whoever gave up knows why.
            let _ = thread.join();
        }
    }
}

fn ended() -> io::Error {
    io::Error::other("the thread that writes has ended")
}

struct Writing {
    file: File,
    written: Arc<AtomicU64>,
    /// From here on the system was not asked to bring anything to the disk.
    behind: u64,
}

impl Writing {
    /// Writes the runs of pages that hold anything.
    fn write(&mut self, bytes: &[u8], start: u64) -> io::Result<()> {
        let mut data_from = None;
        for (index, page) in bytes.chunks(PAGE).enumerate() {
            let at = index * PAGE;
            match (is_zero(page), data_from) {
                (true, Some(from)) => {
                    self.write_run(&bytes[from..at], start + from as u64)?;
                    data_from = None;
                }
                (false, None) => data_from = Some(at),
                _ => {}
            }
        }
        if let Some(from) = data_from {
            self.write_run(&bytes[from..], start + from as u64)?;
        }
        let end = start + bytes.len() as u64;
        if end - self.behind >= WRITEBACK {
            os::start_writeback(&self.file, self.behind, end - self.behind);
            self.behind = end;
        }
        Ok(())
    }

    fn write_run(&self, run: &[u8], at: u64) -> io::Result<()> {
        self.file.write_all_at(run, at)?;
        self.written.fetch_add(run.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}
