//! Looking at the first bytes of a stream without taking them.

use std::io::{self, Chain, Cursor, Read};

/// A stream of which the beginning is known.
#[derive(Debug)]
pub struct Peeked<R> {
    /// The first bytes; fewer than asked for only if the stream ends there.
    pub first: Vec<u8>,
    /// The whole stream, those bytes included.
    pub whole: Chain<Cursor<Vec<u8>>, R>,
}

/// Looks at the first `most` bytes of `reader`.
///
/// # Errors
/// Reading failed.
pub fn peek<R: Read>(mut reader: R, most: usize) -> io::Result<Peeked<R>> {
    let mut first = Vec::with_capacity(most);
    reader.by_ref().take(most as u64).read_to_end(&mut first)?;
    Ok(Peeked { whole: Cursor::new(first.clone()).chain(reader), first })
}
