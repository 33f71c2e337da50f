//! Where a command writes: standard output and standard error, or two buffers in a test.

use std::fmt::Arguments;
use std::io::Write;

/// The two streams of a command.
///
/// Nobody who calls `vhd-util` expects it to fail because a pipe was closed: what cannot be written is dropped, and the
/// exit code speaks of the image alone.
pub(crate) struct Console<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl<'a> Console<'a> {
    /// A console over two streams.
    pub(crate) fn new(out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Self { out, err }
    }

    /// Writes text to standard output.
    pub(crate) fn say(&mut self, text: Arguments<'_>) {
        let _ = self.out.write_fmt(text);
    }

    /// Writes bytes to standard output.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.out.write_all(bytes);
    }

    /// Writes text to standard error. What was said before goes out first, so that the two interleave as they happened.
    pub(crate) fn complain(&mut self, text: Arguments<'_>) {
        let _ = self.out.flush();
        let _ = self.err.write_fmt(text);
    }

    /// Pushes out what was said so far.
    pub(crate) fn flush(&mut self) {
        let _ = self.out.flush();
    }
}

/// `print!` to the standard output of a [`Console`].
macro_rules! say {
    ($console:expr, $($arg:tt)*) => { $console.say(format_args!($($arg)*)) };
}

/// `eprint!` to the standard error of a [`Console`].
macro_rules! complain {
    ($console:expr, $($arg:tt)*) => { $console.complain(format_args!($($arg)*)) };
}

pub(crate) use {complain, say};
