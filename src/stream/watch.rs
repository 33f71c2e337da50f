//! Telling somebody how many bytes went by: progress bars, and the point at which a stream ended. And, as it is where
//! bytes pass, the place at which a signal stops them.

use std::io::{self, Read, Write};

use crate::os;

/// Calls back for every piece read; a piece of 0 bytes is the end of the stream.
pub struct WatchReader<R, F> {
    inner: R,
    seen: F,
}

impl<R: Read, F: FnMut(u64)> WatchReader<R, F> {
    /// Reads from `inner`, and tells `seen`.
    pub fn new(inner: R, seen: F) -> Self {
        Self { inner, seen }
    }
}

impl<R: Read, F: FnMut(u64)> Read for WatchReader<R, F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        os::stop::check()?;
        let n = self.inner.read(buf)?;
        if !buf.is_empty() {
            (self.seen)(n as u64);
        }
        Ok(n)
    }
}

/// Calls back for every piece written.
pub struct WatchWriter<W, F> {
    inner: W,
    seen: F,
}

impl<W: Write, F: FnMut(u64)> WatchWriter<W, F> {
    /// Writes to `inner`, and tells `seen`.
    pub fn new(inner: W, seen: F) -> Self {
        Self { inner, seen }
    }

    /// Gives `inner` back.
    pub fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: Write, F: FnMut(u64)> Write for WatchWriter<W, F> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        os::stop::check()?;
        let n = self.inner.write(buf)?;
        (self.seen)(n as u64);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
