//! [`Response`]: what a server answered.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use ureq::http::HeaderMap;

use super::error::Error;
use super::fault::failed;
use super::request::Method;
use super::status::{Outcome, outcome};
use super::url::Url;
use crate::wire::scrub::scrub;

/// Most bytes read of what a server says about an error.
const EXCERPT: usize = 300;

/// An answer: status and headers are here, the body is still to come.
#[derive(Debug)]
pub struct Response {
    /// The method that was used.
    pub method: Method,
    /// Who answered: behind redirects not the URL that was asked first.
    pub url: Url,
    /// The status, 200 to 599.
    pub status: u16,
    /// The bytes behind the headers.
    pub body: BodyReader,
    pub(super) headers: HeaderMap,
}

impl Response {
    /// The value of a header, if it is there, once, and a text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        // Two that agree are one; two that do not are none.
        values.all(|other| other.as_bytes() == value.as_bytes()).then_some(value)
    }

    /// How many bytes the body should have, where the server says so.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        // Beside a transfer coding it means nothing (RFC 9112, 6.2).
        if self.headers.contains_key("transfer-encoding") {
            return None;
        }
        self.header("content-length")?.trim().parse().ok()
    }

    /// This, if it is a success.
    ///
    /// # Errors
    /// [`Error::Status`], with the beginning of what the server says about it.
    pub fn success(self) -> Result<Self, Error> {
        if outcome(self.status) == Outcome::Success {
            Ok(self)
        } else {
            Err(self.into_error("a status of 2xx"))
        }
    }

    /// The error that this answer is, where `expected` was.
    #[must_use]
    pub fn into_error(mut self, expected: &'static str) -> Error {
        let mut first = [0; EXCERPT];
        let mut read = 0;
        // What cannot be read is not said: the status is what counts.
        while let Ok(n @ 1..) = self.body.read_piece(&mut first[read..]) {
            read += n;
        }
        // Some servers quote what they were asked with.
        let excerpt = scrub(&excerpt(&first[..read]));
        Error::Status {
            doing: self.method.name(),
            url: self.url.to_string(),
            expected,
            status: self.status,
            excerpt,
        }
    }

    /// The whole body, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// It is longer, or does not come.
    pub fn document(mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut document = Vec::new();
        let mut piece = [0; 8192];
        loop {
            match self.body.read_piece(&mut piece)? {
                0 => return Ok(document),
                n if document.len() + n > limit => {
                    return Err(Error::TooLong { url: self.url.to_string(), limit });
                }
                n => document.extend_from_slice(&piece[..n]),
            }
        }
    }
}

/// The first words of an error page, on one line.
fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::new();
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                plain.push(' ');
            }
            _ if in_tag => {}
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The body of an answer. Reading ends with 0 bytes only where the body does: at its length, or its last chunk. One that
/// has neither ends with the connection, and may have been cut off.
pub struct BodyReader {
    pub(super) inner: ureq::BodyReader<'static>,
    pub(super) url: Url,
    pub(super) idle: Duration,
    pub(super) ended: bool,
}

impl BodyReader {
    /// Reads some bytes; 0 at the end, and after an error.
    ///
    /// # Errors
    /// The connection broke, fell silent, or carries what is no HTTP.
    pub fn read_piece(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        if self.ended || buf.is_empty() {
            return Ok(0);
        }
        loop {
            match self.inner.read(buf) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.ended = true;
                    return Err(failed("reading", &self.url, self.idle, e.into()));
                }
                Ok(n) => {
                    self.ended = n == 0;
                    return Ok(n);
                }
            }
        }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_piece(buf).map_err(|error| io::Error::new(error.io_kind(), error))
    }
}

impl fmt::Debug for BodyReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyReader")
            .field("url", &self.url)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_page_becomes_a_line() {
        let page = b"<html>\r\n <head><title>409 Conflict</title></head>\n<body>\n<h1>It is\x07 active";
        assert_eq!(excerpt(page), "409 Conflict It is active");
    }
}
