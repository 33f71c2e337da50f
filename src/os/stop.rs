//! Being asked to stop: SIGTERM, SIGINT and SIGHUP only leave a note, which whoever moves bytes looks at and gives up in
//! good order. The second signal kills at once, as it would without us: what is left then is a recovery's.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// How long a read may be waited for before the note is looked at again.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Whether a signal has come.
static NOTED: AtomicBool = AtomicBool::new(false);
/// Which one.
static SIGNAL: AtomicUsize = AtomicUsize::new(0);

/// A signal that asks to stop. As an error it stands inside of an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// Its number: 1 for SIGHUP, 2 for SIGINT, 15 for SIGTERM.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The signal that made `error`, if one did.
    #[must_use]
    pub fn behind(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref()).copied()
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(low_level::signal_name(self.0).unwrap_or("a signal"))
    }
}

impl std::error::Error for Signal {}

/// From now on the first signal is noted, and the second one kills. Where the system refuses, signals kill as ever.
pub fn note_signals() {
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        let number = usize::try_from(signal).unwrap_or_default();
        // They are run in this order: what kills looks at the note before it is written.
        let noted = flag::register_conditional_default(signal, &NOTED)
            .and_then(|_| flag::register_usize(signal, &SIGNAL, number))
            .and_then(|_| flag::register(signal, &NOTED));
        if let Err(error) = noted {
            tracing::warn!(signal, %error, "a signal will not be waited for in good order");
        }
    }
}

/// Stops this process as SIGTERM does, unless a signal has come already: then the second one would kill.
///
/// # Errors
/// The system refused.
pub fn ask() -> io::Result<()> {
    if NOTED.load(Ordering::SeqCst) { Ok(()) } else { low_level::raise(SIGTERM) }
}

/// Fails when a signal has come.
///
/// # Errors
/// An error with the [`Signal`] in it.
pub fn check() -> io::Result<()> {
    if !NOTED.load(Ordering::SeqCst) {
        return Ok(());
    }
    let number = i32::try_from(SIGNAL.load(Ordering::SeqCst)).unwrap_or_default();
    Err(io::Error::other(Signal(number)))
}

/// Waits until `stream` can be read, or a signal has come.
///
/// # Errors
/// As [`check`], or the system refused.
pub fn wait_readable(stream: &impl AsFd) -> io::Result<()> {
    loop {
        check()?;
        let mut streams = [PollFd::new(stream, PollFlags::IN)];
        match poll(&mut streams, Some(&PAUSE)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
