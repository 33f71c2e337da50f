//! A **stand-in** for xapi: no xapi runs on a machine without Xen. It answers from a table, and keeps what it was asked.
//!
//! Written from xen-api: `ocaml/libs/http-lib/xMLRPC.ml` and `http_svr.ml` (how answers are laid out),
//! `ocaml/xapi/api_server.ml` (which headers they have), `ocaml/idl/datamodel_errors.ml` (which errors there are) and
//! `ocaml/doc/wire-protocol.md`.

mod xml;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// What it does when it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// It succeeds with this value.
    Success(Value),
    /// It fails with this error code and these parameters.
    Failure(Vec<String>),
    /// It sends these bytes and closes, whatever they are.
    Bytes(Vec<u8>),
    /// It sends these bytes and then nothing, and does not close.
    Silence(Vec<u8>),
    /// It sends the head of a good answer, and then a byte now and then, for ever.
    Trickle,
}

impl Reply {
    pub(crate) fn failure(description: &[&str]) -> Self {
        Self::Failure(description.iter().map(|item| (*item).to_owned()).collect())
    }

    /// A good answer over HTTP with this document.
    pub(crate) fn document(document: &str) -> Self {
        Self::Bytes(http(document.as_bytes()))
    }
}

/// The head that xapi puts before a document, and the document.
pub(crate) fn http(document: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nAccess-Control-Allow-Origin: *\r\n\
         Access-Control-Allow-Headers: X-Requested-With\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-cache, no-store\r\n\r\n",
        document.len()
    )
    .into_bytes();
    bytes.extend_from_slice(document);
    bytes
}

/// A xapi that listens until the test ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Xapi(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// For each method what it does, in turn; the last for ever.
    replies: BTreeMap<String, Vec<Reply>>,
    calls: Vec<(String, Vec<Value>)>,
}

impl Xapi {
    /// One that listens on a socket at `path`, and lets everybody log in.
    pub(crate) fn on_socket(path: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        Self::serve(listener, |listener| listener.accept().unwrap().0)
    }

    /// One that listens on a port of this machine, with its URL.
    pub(crate) fn on_port() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        (Self::serve(listener, |listener| listener.accept().unwrap().0), url)
    }

    fn serve<L: Send + 'static, S: Read + Write + Send + 'static>(
        listener: L,
        mut accept: impl FnMut(&L) -> S + Send + 'static,
    ) -> Self {
        let xapi = Self::default();
        xapi.on("session.login_with_password", Reply::Success(json!("OpaqueRef:session-of-tests")));
        xapi.on("session.logout", Reply::Success(json!("")));
        let serving = xapi.clone();
        thread::spawn(move || {
            loop {
                let (mut stream, xapi) = (accept(&listener), serving.clone());
                // A client that goes away, or that sends what is no call, gets nothing.
                thread::spawn(move || xapi.answer(&mut stream));
            }
        });
        xapi
    }

    /// From here on, `method` does this.
    pub(crate) fn on(&self, method: &str, reply: Reply) {
        self.on_in_turn(method, vec![reply]);
    }

    /// From here on, `method` does these, in turn; the last for ever.
    pub(crate) fn on_in_turn(&self, method: &str, replies: Vec<Reply>) {
        self.0.lock().unwrap().replies.insert(method.to_owned(), replies);
    }

    /// Everything that it was asked since the last time, without the sessions.
    pub(crate) fn calls(&self) -> Vec<(String, Vec<Value>)> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

    /// The methods of [`Self::calls`].
    pub(crate) fn methods(&self) -> Vec<String> {
        self.calls().into_iter().map(|(method, _)| method).collect()
    }

    fn reply(&self, method: &str, params: Vec<Value>) -> Reply {
        let mut state = self.0.lock().unwrap();
        state.calls.push((method.to_owned(), params));
        match state.replies.get_mut(method) {
            None => Reply::failure(&["MESSAGE_METHOD_UNKNOWN", method]),
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
        }
    }

    fn answer(&self, stream: &mut (impl Read + Write)) -> Option<()> {
        let (method, params) = xml::call(&request(stream)?)?;
        let bytes = match self.reply(&method, params) {
            Reply::Success(value) => http(xml::success(&value).as_bytes()),
            Reply::Failure(description) => http(xml::failure(&description).as_bytes()),
            Reply::Bytes(bytes) => bytes,
            Reply::Silence(bytes) => {
                stream.write_all(&bytes).ok()?;
                // The client closes.
                stream.read_to_end(&mut Vec::new()).ok()?;
                return None;
            }
            Reply::Trickle => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").ok()?;
                while stream.write_all(b" ").is_ok() {
                    thread::sleep(Duration::from_millis(50));
                }
                return None;
            }
        };
        stream.write_all(&bytes).ok()
    }
}

/// The body of the request; `None` if it is none of ours.
fn request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    if !head.starts_with("post / http/1.1\r\n") || !head.contains("\r\nhost: ") {
        return None;
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}
