//! What a child prints on one pipe, read on a thread of its own.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longest line that is told.
const LINE: usize = 1 << 10;
/// How long a pipe may stay open behind a child that has ended.
const GRACE: Duration = Duration::from_secs(1);

/// A pipe that is read to its end; what is beyond a limit is read and dropped.
pub(super) struct Drain {
    heard: Arc<Mutex<Heard>>,
    thread: thread::JoinHandle<()>,
}

struct Heard {
    kept: Vec<u8>,
    /// Most bytes to keep.
    most: usize,
    /// Whether nothing had to be dropped.
    whole: bool,
    /// The line that is not finished yet.
    begun: Vec<u8>,
    /// The last one that is, until it is asked for.
    line: Option<String>,
    at: Instant,
}

impl Heard {
    fn take(&mut self, bytes: &[u8]) {
        self.at = Instant::now();
        let room = bytes.len().min(self.most - self.kept.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.whole &= room == bytes.len();
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => {
                    let line = String::from_utf8_lossy(&self.begun).trim().to_owned();
                    self.begun.clear();
                    self.line = Some(line).filter(|line| !line.is_empty()).or(self.line.take());
                }
                _ if self.begun.len() < LINE => self.begun.push(*byte),
                _ => {}
            }
        }
    }
}

impl Drain {
    /// Keeps up to `most` bytes of `pipe`.
    pub(super) fn start(pipe: Option<impl Read + Send + 'static>, most: usize) -> Self {
        let at = Instant::now();
        let heard = Heard { kept: Vec::new(), most, whole: true, begun: Vec::new(), line: None, at };
        let heard = Arc::new(Mutex::new(heard));
        let shared = Arc::clone(&heard);
        let thread = thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut buffer = vec![0; 64 * 1024];
            loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(n) => lock(&shared).take(&buffer[..n]),
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return,
                }
            }
        });
        Self { heard, thread }
    }

    /// The last whole line, if there is one since this was asked last.
    pub(super) fn last_line(&self) -> Option<String> {
        lock(&self.heard).line.take()
    }

    /// How long nothing has come.
    pub(super) fn silence(&self) -> Duration {
        lock(&self.heard).at.elapsed()
    }

    /// What was printed, and whether that is all. The child has ended: whoever still holds the pipe is one that it left
    /// behind, and is not waited for.
    pub(super) fn text(self) -> (String, bool) {
        let start = Instant::now();
        while !self.thread.is_finished() && start.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(1));
        }
        let heard = lock(&self.heard);
        (String::from_utf8_lossy(&heard.kept).into_owned(), heard.whole)
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
