//! [`Download`]: a body that is asked for again from where it broke.

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use super::error::Error;
use super::range::Identity;
use super::trouble::Trouble;
use crate::http::{Body, BodyReader, Client, Request, Response};
use crate::os;

/// The pause before the first new attempt; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The body of a GET. When the connection breaks or falls silent and the server can continue where it stopped, it is asked
/// to, a bounded number of times. Why it failed for good stands in its [`Trouble`].
pub(super) struct Download {
    client: Client,
    request: Request,
    body: BodyReader,
    identity: Identity,
    at: u64,
    attempts: u64,
    pause: Duration,
    trouble: Trouble,
    failed: bool,
}

impl Download {
    /// The body of `response`, the answer to `request`.
    pub(super) fn new(client: &Client, request: Request, response: Response) -> Self {
        Self {
            client: client.clone(),
            request,
            identity: Identity::of(&response),
            body: response.body,
            at: 0,
            attempts: client.retries(),
            pause: FIRST_PAUSE,
            trouble: Trouble::default(),
            failed: false,
        }
    }

    pub(super) fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    fn read_on(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.body.read_piece(buf) {
                Ok(n) => {
                    self.at += n as u64;
                    return Ok(n);
                }
                Err(error) => self.resume(error)?,
            }
        }
    }

    /// Has the server continue after `error`, or says that it is final.
    fn resume(&mut self, mut error: crate::http::Error) -> Result<(), Error> {
        let may_resume = |error: &crate::http::Error| error.is_retryable() && os::stop::check().is_ok();
        while self.attempts > 0 && may_resume(&error) && self.identity.can_resume() {
            self.attempts -= 1;
            tracing::warn!(at = self.at, left = self.attempts, "{}: trying to resume", os::in_full(&error));
            thread::sleep(self.pause);
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            let mut request = self.request.clone();
            self.identity.ask_from(self.at, &mut request.headers)?;
            match self.client.send(&request, Body::Empty) {
                Err(again) => error = again,
                Ok(response) => match self.identity.check(self.at, response) {
                    Err(Error::Http(again)) => error = again,
                    checked => {
                        self.body = checked?.body;
                        return Ok(());
                    }
                },
            }
        }
        Err(error.into())
    }
}

impl Read for Download {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Err(io::Error::other("the transfer failed"));
        }
        self.read_on(buf).map_err(|error| {
            self.failed = true;
            self.trouble.leave(error);
            io::Error::other("the transfer failed")
        })
    }
}
