//! [`Trouble`]: word of why a stream broke.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::Error;

/// Where a stream that comes from a server leaves word of why it broke. Behind a decompressor and an archive reader an
/// `io::Error` no longer tells a broken connection from a broken image; this does.
#[derive(Clone, Default)]
pub struct Trouble(Arc<Mutex<Option<Error>>>);

impl Trouble {
    pub(super) fn leave(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Why the stream broke, if it did. Whoever takes it reports it.
    #[must_use]
    pub fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trouble")
    }
}
