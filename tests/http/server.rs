//! A server that does what a script says, to the byte.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Longest that a server waits for a client.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server does on a connection once it has read the head of a request.
#[derive(Clone)]
pub(crate) enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends bytes in eight pieces, with a pause before each that an idle timeout of 1 s bears.
    Trickle(Vec<u8>),
    /// Sends the same bytes until the client goes.
    Forever(Vec<u8>),
    /// Sends what the request's `Range` asks for of these bytes, with this `ETag`; stops after so many bytes, if a number is
    /// given.
    Rest(Vec<u8>, &'static str, Option<usize>),
    /// Waits.
    Pause(Duration),
    /// Says nothing until the client goes.
    Stall,
    /// Reads a chunked body to its end.
    Take,
    /// Reads the head of another request.
    Next,
}

pub(crate) type Script = Vec<Step>;

/// One connection, as the server saw it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Seen {
    /// Request line and headers.
    pub(crate) head: String,
    /// What came behind, decoded.
    pub(crate) body: Vec<u8>,
    /// Whether it came with its end.
    pub(crate) whole: bool,
}

impl Seen {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A server on a free port, with a script for each connection; further ones it closes.
pub(crate) struct Server {
    port: u16,
    secure: bool,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::start(scripts.into_iter().collect(), None)
    }

    pub(crate) fn with_tls(scripts: impl IntoIterator<Item = Script>, tls: Arc<ServerConfig>) -> Self {
        Self::start(scripts.into_iter().collect(), Some(tls))
    }

    fn start(scripts: Vec<Script>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (secure, shared) = (tls.is_some(), Arc::clone(&seen));
        thread::spawn(move || {
            let mut scripts = scripts.into_iter();
            for stream in listener.incoming() {
                let (stream, script) = (stream.unwrap(), scripts.next().unwrap_or_default());
                let (tls, seen) = (tls.clone(), Arc::clone(&shared));
                let index = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(Seen::default());
                    seen.len() - 1
                };
                thread::spawn(move || {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    let tell = |one: &Seen| seen.lock().unwrap()[index] = one.clone();
                    // A client that goes away has its reasons.
                    let _ = match tls {
                        None => perform(&mut { stream }, &script, &tell),
                        Some(tls) => {
                            let mut stream = StreamOwned::new(ServerConnection::new(tls).unwrap(), stream);
                            perform(&mut stream, &script, &tell)
                        }
                    };
                });
            }
        });
        Self { port, secure, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}{path}", self.port)
    }

    /// What came on each connection so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn perform<S: Read + Write>(stream: &mut S, script: &[Step], tell: &dyn Fn(&Seen)) -> io::Result<()> {
    let mut seen = Seen { head: head(stream)?, ..Seen::default() };
    tell(&seen);
    for step in script {
        match step {
            Step::Send(bytes) => stream.write_all(bytes)?,
            Step::Trickle(bytes) => {
                for piece in bytes.chunks(bytes.len().div_ceil(8)) {
                    thread::sleep(Duration::from_millis(300));
                    stream.write_all(piece)?;
                    stream.flush()?;
                }
            }
            Step::Forever(bytes) => loop {
                stream.write_all(bytes)?;
            },
            Step::Rest(bytes, etag, most) => {
                let from = seen.header("range").and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-'));
                let from: usize = from.unwrap().parse().unwrap();
                let end = bytes.len() - 1;
                let range = format!("Content-Range: bytes {from}-{end}/{}\r\nETag: {etag}\r\n", bytes.len());
                stream.write_all(&answer("206 Partial Content", &range, &bytes[from..], *most))?;
            }
            Step::Pause(time) => thread::sleep(*time),
            Step::Stall => {
                stream.flush()?;
                while stream.read(&mut [0; 4096])? > 0 {}
            }
            Step::Take => {
                seen.whole = take(stream, &mut seen.body).is_ok();
                tell(&seen);
            }
            Step::Next => {
                seen.head += &head(stream)?;
                tell(&seen);
            }
        }
        stream.flush()?;
    }
    Ok(())
}

fn head(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Chunks up to the last, empty one.
fn take(stream: &mut impl Read, body: &mut Vec<u8>) -> io::Result<()> {
    let line = |stream: &mut dyn Read| -> io::Result<String> {
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            text.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    };
    loop {
        let size = usize::from_str_radix(&line(stream)?, 16).map_err(io::Error::other)?;
        assert!(size <= 1 << 20, "Glance under uWSGI takes chunks of at most 1 MiB");
        let mut chunk = vec![0; size];
        stream.read_exact(&mut chunk)?;
        body.extend_from_slice(&chunk);
        line(stream)?;
        if size == 0 {
            return Ok(());
        }
    }
}

/// An answer with `Content-Length`, cut off after `most` bytes of its body.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8], most: Option<usize>) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(&body[..most.unwrap_or(body.len())]);
    bytes
}

/// A success.
pub(crate) fn ok(headers: &str, body: &[u8]) -> Script {
    vec![Step::Send(answer("200 OK", headers, body, None))]
}

/// A success that breaks off.
pub(crate) fn cut(headers: &str, body: &[u8], at: usize) -> Script {
    vec![Step::Send(answer("200 OK", headers, body, Some(at)))]
}

/// An answer without a body.
pub(crate) fn status(status: &str, headers: &str) -> Script {
    vec![Step::Send(answer(status, headers, b"", None))]
}

/// A body in chunks, with or without the last.
pub(crate) fn chunked(headers: &str, body: &[u8], ended: bool) -> Script {
    let mut bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{headers}\r\n").into_bytes();
    for chunk in body.chunks(1000) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend(b"\r\n");
    }
    if ended {
        bytes.extend(b"0\r\n\r\n");
    }
    vec![Step::Send(bytes)]
}
