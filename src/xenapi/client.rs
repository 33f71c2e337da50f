//! [`Client`]: one call of a method, one answer.

use super::address::Address;
use super::error::Error;
use super::socket;
use crate::config::{Origin, Settings, key};
use crate::http::{self, Body, Method, Url};
use crate::wire::Value;
use crate::wire::xmlrpc::{MAX_BYTES, Request, Response};

/// What XML-RPC calls itself.
const CONTENT_TYPE: &str = "text/xml";

/// Calls xapi at one address. No session is known here.
#[derive(Debug)]
pub struct Client {
    address: Address,
    channel: Channel,
}

#[derive(Debug)]
enum Channel {
    Socket(ureq::Agent),
    Web(http::Client, http::Request),
}

impl Client {
    /// A client of xapi at `address`. Nothing is connected yet. A call takes no longer than `xapi.timeout`; over the web
    /// that is the longest silence.
    ///
    /// # Errors
    /// There is no socket, or what is set for the web cannot be used.
    pub fn new(address: Address, settings: &Settings) -> Result<Self, Error> {
        let channel = match &address {
            Address::Socket(path) if !path.exists() => {
                return Err(Error::Absent { address: address.to_string() });
            }
            Address::Socket(path) => {
                Channel::Socket(socket::agent(path.clone(), settings.seconds(key::XAPI_TIMEOUT)))
            }
            Address::Web(url) => web(url, settings).map_err(Error::web("xapi.url"))?,
        };
        Ok(Self { address, channel })
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
        let request = Request { method: method.to_owned(), params }.write();
        let document = match &self.channel {
            Channel::Socket(agent) => self.post(agent, method, &request)?,
            Channel::Web(client, post) => {
                let response =
                    client.send(post, Body::Bytes(request.as_bytes())).and_then(http::Response::success);
                response.and_then(|response| response.document(MAX_BYTES)).map_err(Error::web(method))?
            }
        };
        let response = Response::read(&document).map_err(|source| Error::Unreadable {
            method: method.to_owned(),
            address: self.address.to_string(),
            source: source.into(),
        })?;
        match response {
            Response::Success(value) => Ok(value),
            Response::Failure(description) => Err(Error::Refused { method: method.to_owned(), description }),
            Response::Fault(message) => Err(Error::Fault { method: method.to_owned(), message }),
        }
    }

    /// The document that comes over the socket for `request`, of bounded length.
    fn post(&self, agent: &ureq::Agent, method: &str, request: &str) -> Result<Vec<u8>, Error> {
        let connection = |source: ureq::Error| Error::Connection {
            method: method.to_owned(),
            address: self.address.to_string(),
            source: source.into(),
        };
        let post = agent.post("http://localhost/").header("content-type", CONTENT_TYPE);
        let mut response = post.header("connection", "close").send(request).map_err(connection)?;
        if response.status() != 200 {
            let (method, status) = (method.to_owned(), response.status().as_u16());
            return Err(Error::Status { method, address: self.address.to_string(), status });
        }
        response.body_mut().with_config().limit(MAX_BYTES as u64).read_to_vec().map_err(connection)
    }
}

/// xapi answers when it has done what it was asked for, so its silence is longer than that of others; and the proxy that
/// leads to images does not lead to the pool.
fn web(url: &Url, settings: &Settings) -> Result<Channel, http::Error> {
    let mut settings = settings.clone();
    // What was set fits the kind of these settings.
    let _ =
        settings.set(key::HTTP_IDLE_TIMEOUT, settings.text(key::XAPI_TIMEOUT).to_owned(), Origin::Default);
    let _ = settings.set(key::HTTP_PROXY, "", Origin::Default);
    let mut request = http::Request::new(Method::Post, url.clone());
    request.headers.set("content-type", CONTENT_TYPE)?;
    Ok(Channel::Web(http::Client::new(&settings)?, request))
}
