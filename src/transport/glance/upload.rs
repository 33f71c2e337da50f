//! [`Upload`]: the data of an image that exists already, and waits for it.

use std::io::{self, Write};

use super::error::Error;
use super::facts::Facts;
use super::image::{ApiVersion, Image};
use super::metadata;
use super::transfer::Transfer;
use crate::http::{Method, Request};
use crate::stream::{Algorithm, Digests};
use crate::transport;

/// An image that is written to. Only [`Upload::commit`] makes it one: dropping this breaks the request off, and the server
/// keeps nothing.
pub struct Upload {
    image: Image,
    put: Request,
    state: State,
}

enum State {
    /// Nothing was written: an export looks at its disks before it does.
    Waiting,
    /// On its way.
    Running(Transfer),
    /// It failed. Whoever still writes, as compressors do when they are dropped, must not begin another.
    Failed,
}

impl Upload {
    /// Makes sure that `image` waits for data, and sets its formats and `properties`.
    ///
    /// The status is asked for first (Launchpad bug 1202785): a server that finds out later has taken all of the data.
    ///
    /// # Errors
    /// There is no such image, it does not wait for data, or the server cannot be asked.
    pub fn begin(image: Image, properties: &[(String, String)]) -> Result<Self, Error> {
        let mut put = image.data(Method::Put)?;
        put.headers.set("content-type", "application/octet-stream")?;
        if image.version == ApiVersion::V1 {
            metadata::add_headers(&mut put.headers, properties)?;
        }
        let status = image.facts()?.status;
        if status != "queued" {
            return Err(Error::NotQueued { image: image.id, status });
        }
        if image.version == ApiVersion::V2 {
            image.patch(properties)?;
        }
        Ok(Self { image, put, state: State::Waiting })
    }

    /// Sends what is left, and makes sure that the server has what was sent.
    ///
    /// # Errors
    /// The server did not take it, or has something else.
    pub fn commit(mut self) -> Result<(), Error> {
        let sent = self.take()?.finish(&self.image)?;
        match self.image.facts() {
            Ok(facts) => self.compare(&sent, &facts),
            Err(error) => {
                // The server said that it has all of it.
                tracing::warn!(image = self.image.id, "the upload could not be verified: {error}");
                Ok(())
            }
        }
    }

    /// Holds what the server has against what was sent, as far as it says.
    fn compare(&self, sent: &Digests, facts: &Facts) -> Result<(), Error> {
        let same = |what: &str, sent: &str, found: Option<&str>| match found {
            Some(found) if !found.eq_ignore_ascii_case(sent) => {
                let (image, what) = (self.image.id.clone(), what.to_owned());
                Err(Error::Mismatch { image, what, sent: sent.to_owned(), found: found.to_owned() })
            }
            _ => Ok(()),
        };
        same("status", "active", Some(&facts.status))?;
        same("bytes", &sent.bytes.to_string(), facts.size.map(|size| size.to_string()).as_deref())?;
        same("md5", sent.md5.as_deref().unwrap_or_default(), facts.checksum.as_deref())?;
        let Some(name) = &facts.os_hash_algo else { return Ok(()) };
        let known = Algorithm::named(name).and_then(|algorithm| sent.of(algorithm));
        known.map_or(Ok(()), |digest| same(name, digest, facts.os_hash_value.as_deref()))
    }

    /// The request, begun if it is not yet; until it is put back, this has failed.
    fn take(&mut self) -> Result<Transfer, Error> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Waiting => Ok(Transfer::start(self.image.clone(), self.put.clone())),
            State::Running(transfer) => Ok(transfer),
            State::Failed => Err(self.image.broken("an earlier failure")),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut transfer = self.take()?;
        transfer.send(bytes, &self.image)?;
        self.state = State::Running(transfer);
        Ok(())
    }
}

impl Write for Upload {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // What went wrong stays whole inside, for whoever knows what to make of it.
        self.send(buf).map_err(|e| io::Error::other(transport::Error::from(e)))?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
