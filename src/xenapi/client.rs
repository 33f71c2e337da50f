//! [`Client`]: one call of a method, one answer.

use std::time::Duration;

use super::address::Address;
use super::error::Error;
use super::socket;
use crate::config::{Settings, key};
use crate::wire::Value;
use crate::wire::xmlrpc::{MAX_BYTES, Request, Response};

/// Calls xapi at one address. No session is known here.
#[derive(Debug)]
pub struct Client {
    address: Address,
    agent: ureq::Agent,
    url: String,
}

impl Client {
    /// A client of xapi at `address`. Nothing is connected yet.
    ///
    /// # Errors
    /// There is no socket.
    pub fn new(address: Address, settings: &Settings) -> Result<Self, Error> {
        let deadline: Duration = settings.seconds(key::XAPI_TIMEOUT);
        let (agent, url) = match &address {
            address @ Address::Socket(_) if !address.is_there() => {
                return Err(Error::Absent { address: address.clone() });
            }
            Address::Socket(path) => (socket::agent(path.clone(), deadline), "http://localhost/".to_owned()),
            Address::Web(_) => return Err(Error::Address { found: address.to_string() }),
        };
        Ok(Self { address, agent, url })
    }

    /// Where it calls.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Calls `method`.
    ///
    /// # Errors
    /// xapi could not be asked, refused, or was not understood.
    pub fn call(&self, method: &str, params: Vec<Value>) -> Result<Value, Error> {
        tracing::debug!(method, "calling xapi");
        let request = Request { method: method.to_owned(), params };
        let document = self.post(&request)?;
        let response = Response::read(&document).map_err(|source| Error::Unreadable {
            method: method.to_owned(),
            address: self.address.clone(),
            source: source.into(),
        })?;
        match response {
            Response::Success(value) => Ok(value),
            Response::Failure(description) => Err(Error::Refused { method: method.to_owned(), description }),
            Response::Fault(message) => Err(Error::Fault { method: method.to_owned(), message }),
        }
    }

    /// The document that comes for `request`, of bounded length.
    fn post(&self, request: &Request) -> Result<Vec<u8>, Error> {
        let connection = |source: ureq::Error| Error::Connection {
            method: request.method.clone(),
            address: self.address.clone(),
            source: source.into(),
        };
        let post =
            self.agent.post(&self.url).header("content-type", "text/xml").header("connection", "close");
        let mut response = post.send(request.write()).map_err(connection)?;
        if response.status() != 200 {
            let (method, status) = (request.method.clone(), response.status().as_u16());
            return Err(Error::Status { method, address: self.address.clone(), status });
        }
        response.body_mut().with_config().limit(MAX_BYTES as u64).read_to_vec().map_err(connection)
    }
}
