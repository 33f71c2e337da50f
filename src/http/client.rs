//! [`Client`]: the one place that speaks to servers.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::http;
use ureq::{Agent, Proxy, ProxyProtocol, SendBody, Timeout};

use super::error::Error;
use super::fault::failed;
use super::redirect::{follow, is_redirect};
use super::request::{Body, Request};
use super::response::{BodyReader, Response};
use super::trust::Trust;
use super::url::Url;
use crate::config::{Settings, key};

/// How long to wait for `100 Continue`: a server that does not know of it says nothing (RFC 9110, 10.1.1).
const AWAIT_CONTINUE: Duration = Duration::from_secs(1);
/// Longer is for ever, and times that far off cannot be counted.
const LONGEST_IDLE: Duration = Duration::from_secs(24 * 3600);
/// Most bytes of status line and headers.
const MOST_HEADERS: usize = 64 * 1024;

/// Speaks HTTP as the settings say. Cheap to clone, and to make: whom to trust is read when it is first needed.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    idle: Duration,
    retries: u64,
    proxy: Option<Proxy>,
    trust: Trust,
    plain: OnceLock<Agent>,
    secure: OnceLock<Agent>,
}

impl Client {
    /// A client with the `http.` settings. The environment's proxies do not count.
    ///
    /// # Errors
    /// `http.proxy` names no proxy.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let proxy = settings.optional_text(key::HTTP_PROXY).map(proxy).transpose()?;
        let trust = Trust::from(settings);
        let idle = settings.seconds(key::HTTP_IDLE_TIMEOUT).min(LONGEST_IDLE);
        let retries = settings.number(key::HTTP_RETRIES);
        let (plain, secure) = (OnceLock::new(), OnceLock::new());
        Ok(Self(Arc::new(Inner { idle, retries, proxy, trust, plain, secure })))
    }

    /// How often the settings allow a download that broke to be resumed.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.0.retries
    }

    /// Sends `request` with `body`, and waits for status and headers of the answer, whatever they say.
    ///
    /// Up to 5 redirects of GET and HEAD are followed, never from `https://` to `http://`; secret headers go along only to the
    /// same server. A redirect of anything else is an error, because a body may be gone by then.
    ///
    /// # Errors
    /// There is no answer, or it is a redirect that is not followed.
    pub fn send(&self, request: &Request, mut body: Body<'_>) -> Result<Response, Error> {
        let mut response = self.exchange(request, &mut body)?;
        let mut next;
        let (mut request, mut followed) = (request, 0);
        while is_redirect(response.status) {
            next = follow(request, response.header("location"), followed)?;
            request = &next;
            followed += 1;
            response = self.exchange(request, &mut Body::Empty)?;
        }
        Ok(response)
    }

    /// One request, one answer.
    fn exchange(&self, request: &Request, body: &mut Body<'_>) -> Result<Response, Error> {
        let (doing, url, idle) = (request.method.name(), &request.url, self.0.idle);
        let agent = self.agent(url)?;
        tracing::debug!(method = doing, %url, "asking");
        let builder = builder(request);
        let answered = match body {
            Body::Empty if !request.method.has_body() => run(agent, builder, SendBody::none()),
            Body::Empty => {
                run(agent, builder.header("content-length", 0), SendBody::from_reader(&mut io::empty()))
            }
            Body::Bytes(bytes) => {
                let builder = builder.header("content-length", bytes.len());
                run(agent, builder, SendBody::from_reader(bytes))
            }
            Body::Stream(stream) => self.stream(agent, request, *stream)?,
        };
        let (parts, body) = answered.map_err(|e| failed(doing, url, idle, e))?.into_parts();
        let status = parts.status.as_u16();
        tracing::debug!(method = doing, %url, status, "answered");
        let inner = body.into_with_config().limit(u64::MAX).reader();
        let body = BodyReader { inner, url: url.clone(), idle, ended: false };
        Ok(Response { method: request.method, url: url.clone(), status, body, headers: parts.headers })
    }

    /// Sends a body of unknown length, once the server wants it.
    fn stream(
        &self,
        agent: &Agent,
        request: &Request,
        stream: &mut (dyn Read + Send),
    ) -> Result<Answered, Error> {
        let mut tracked = Tracked { inner: stream, touched: false, failure: None };
        let expecting = builder(request).header("expect", "100-continue");
        let mut answered = run(agent, expecting, SendBody::from_reader(&mut tracked));
        // Not every server knows what to do about it, nor ureq about every way to say `100 Continue` (one with headers is a
        // final answer to it). As long as nothing of the body is gone it can be sent without asking.
        let misunderstood = match &answered {
            Err(ureq::Error::Timeout(Timeout::RecvResponse | Timeout::PerRead)) => true,
            Ok(answer) => answer.status() == http::StatusCode::EXPECTATION_FAILED,
            Err(_) => false,
        };
        if misunderstood && !tracked.touched {
            tracing::info!(url = %request.url, "sending without asking first");
            answered = run(agent, builder(request), SendBody::from_reader(&mut tracked));
        }
        match tracked.failure {
            Some(source) => Err(Error::Body { url: request.url.to_string(), source }),
            None => Ok(answered),
        }
    }

    /// The agent for `url`: that for TLS is made only for those who need it.
    fn agent(&self, url: &Url) -> Result<&Agent, Error> {
        let inner = &*self.0;
        let slot = if url.is_secure() { &inner.secure } else { &inner.plain };
        if let Some(agent) = slot.get() {
            return Ok(agent);
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(inner.proxy.clone())
            .user_agent(concat!("vhd-porter/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .max_response_header_size(MOST_HEADERS)
            // A connection for each request: none is found closed just when it is used again.
            .max_idle_connections(0)
            .timeout_resolve(Some(inner.idle))
            .timeout_connect(Some(inner.idle))
            .timeout_send_request(Some(inner.idle))
            .timeout_await_100(Some(AWAIT_CONTINUE.min(inner.idle / 2)))
            .timeout_recv_response(Some(inner.idle))
            .timeout_per_read(Some(inner.idle))
            .timeout_per_write(Some(inner.idle));
        if url.is_secure() {
            config = config.tls_config(inner.trust.load()?);
        }
        Ok(slot.get_or_init(|| config.build().new_agent()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("idle", &self.0.idle).finish_non_exhaustive()
    }
}

fn proxy(text: &str) -> Result<Proxy, Error> {
    let refuse = |found: &str| Error::Proxy { found: found.to_owned() };
    // Its user and password are secrets from here on.
    let url = Url::parse(text).map_err(|e| match e {
        Error::Url { url, .. } => refuse(&url),
        other => other,
    })?;
    let proxy = Proxy::new(text).map_err(|_| refuse(&url.to_string()))?;
    if proxy.protocol() == ProxyProtocol::Http { Ok(proxy) } else { Err(refuse(&url.to_string())) }
}

/// The request without its body.
fn builder(request: &Request) -> http::request::Builder {
    // Every connection serves one request. A server that closes it also lets ureq see an answer that comes before a body was
    // sent: what is read while it waits for `100 Continue` is looked at again only when more comes, or the end.
    let builder = http::Request::builder().header("connection", "close");
    let mut builder = builder.method(request.method.name()).uri(request.url.uri().clone());
    for (name, value) in request.headers.iter() {
        builder = builder.header(name, value);
    }
    match request.url.authorization() {
        Some(authorization) if request.headers.value("authorization").is_none() => {
            builder.header("authorization", authorization.expose())
        }
        _ => builder,
    }
}

/// What ureq makes of an exchange.
type Answered = Result<http::Response<ureq::Body>, ureq::Error>;

fn run(agent: &Agent, builder: http::request::Builder, body: SendBody<'_>) -> Answered {
    agent.run(builder.body(body)?)
}

/// A body that remembers whether it was asked for, and why it could not be read: that is no fault of the server's.
struct Tracked<'a> {
    inner: &'a mut (dyn Read + Send),
    touched: bool,
    failure: Option<io::Error>,
}

impl Read for Tracked<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.touched = true;
        loop {
            match self.inner.read(buf) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.failure = Some(e);
                    return Err(io::Error::other("the body could not be read"));
                }
                done => return done,
            }
        }
    }
}
