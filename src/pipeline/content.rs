//! The bytes of a member of an image, with what is known of its holes.

use std::fs::File;
use std::io::{self, Read};

use crate::vhd::{ChainReader, Flattened};

/// The bytes of a member. Holes read as zeros, unless they are passed over.
pub(crate) trait Content: Read {
    /// Passes over the hole that begins here; returns its length in bytes, 0 where there is none.
    ///
    /// # Errors
    /// It cannot be found out.
    fn skip_hole(&mut self) -> io::Result<u64> {
        Ok(0)
    }
}

impl<R: Read> Content for io::Take<R> {}

/// What no link of a chain holds is a hole.
impl Content for ChainReader<'_, File> {
    fn skip_hole(&mut self) -> io::Result<u64> {
        self.skip_zeros(u64::MAX).map_err(io::Error::other)
    }
}

/// Only blocks that hold something are in it.
impl Content for Flattened<'_, File> {}

/// Reads `content` to its end, for nothing but its length.
pub(super) fn drain(content: &mut dyn Content) -> io::Result<u64> {
    let (mut buffer, mut passed) = ([0; 16 << 10], 0);
    loop {
        passed += content.skip_hole()?;
        match content.read(&mut buffer) {
            Ok(0) => return Ok(passed),
            Ok(n) => passed += n as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
