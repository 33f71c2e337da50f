//! Whether a stream came as it was sent, and what a fault in it means then.
//!
//! An image that is damaged where it is will be so the next time; one that was damaged on its way will not. A server that
//! says a digest lets the two be told apart.

use std::io::{BufRead, Read};
use std::time::{Duration, Instant};

use super::error::Error;
use crate::os;
use crate::stream::{Algorithm, DigestReader, Digests};
use crate::transport::{Expectation, Source, Trouble};

/// How long the rest of a stream with a fault is read, to learn its digest.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much of it, if nobody knows how much there is.
const ENOUGH: u64 = 64 << 20;

/// What is known of a stream besides its bytes.
pub(super) struct Arrival {
    name: String,
    size: Option<u64>,
    expected: Vec<Expectation>,
    trouble: Option<Trouble>,
}

impl Arrival {
    pub(super) fn of(source: &Source) -> Self {
        let (name, expected) = (source.name().to_owned(), source.expected().to_vec());
        Self { name, size: source.size(), expected, trouble: source.trouble() }
    }

    /// The digests that have to be computed.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        self.expected.iter().map(Expectation::algorithm).collect()
    }

    /// Holds a stream that came whole against what was said of it.
    pub(super) fn verify(&self, digests: &Digests) -> Result<(), Error> {
        if let Some(trouble) = self.trouble.as_ref().and_then(Trouble::take) {
            return Err(trouble.into());
        }
        for expectation in &self.expected {
            expectation.check(&self.name, digests)?;
            tracing::info!(algorithm = %expectation.algorithm(), "the digest is what it should be");
        }
        Ok(())
    }

    /// What `fault` amounts to, found with `stream` still to be read from.
    pub(super) fn judge<R: Read>(&self, fault: Error, mut stream: DigestReader<R>) -> Error {
        if let Err(stopped) = os::stop::check() {
            return os::Error::at("reading", &self.name)(stopped).into();
        }
        let Some(trouble) = &self.trouble else { return fault };
        if !matches!(fault, Error::Archive { .. } | Error::Stream { .. }) {
            return fault;
        }
        if let Some(trouble) = trouble.take() {
            return trouble.into();
        }
        let unconfirmed = |fault| Error::Unconfirmed { fault: Box::new(fault) };
        if self.expected.is_empty() {
            return if fault.is_damage() { unconfirmed(fault) } else { fault };
        }
        if !ends(&mut stream, self.size.unwrap_or(ENOUGH)) {
            return trouble.take().map_or_else(|| unconfirmed(fault), Error::from);
        }
        match stream.finish() {
            Ok(digests) => self.verify(&digests).err().unwrap_or(fault),
            Err(_) => unconfirmed(fault),
        }
    }
}

/// Whether `stream` comes to its end in time, and within `most` bytes.
fn ends(stream: &mut impl BufRead, most: u64) -> bool {
    let (start, mut read) = (Instant::now(), 0);
    while start.elapsed() < PATIENCE && read <= most {
        match stream.fill_buf().map(<[u8]>::len) {
            Ok(0) => return true,
            Ok(n) => {
                read += n as u64;
                stream.consume(n);
            }
            Err(_) => return false,
        }
    }
    false
}
