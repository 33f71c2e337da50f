//! Bodies that are sent, by the client itself.

use std::io::{self, Read};
use std::time::Duration;

use vhd_porter::http::{Body, Error, Method, Request, Url, Wait};

use crate::redirects::{client, client_with};
use crate::server::{Script, Server, Step, answer, status};

fn put(server: &Server) -> Request {
    Request::new(Method::Put, Url::parse(&server.url("/v2/images/i/file")).unwrap())
}

fn go_on() -> Step {
    Step::Send(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())
}

fn done() -> Step {
    Step::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())
}

/// Gives odd pieces, an interruption, and then an error or the end.
struct Odd {
    left: usize,
    turn: usize,
    fails: bool,
}

impl Odd {
    fn new(left: usize, fails: bool) -> Self {
        Self { left, turn: 0, fails }
    }
}

impl Read for Odd {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let n = self.left.min(buf.len()).min(1 + self.turn * 777 % 100_000);
        if n == 0 && self.fails {
            return Err(io::Error::other("the disk is gone"));
        }
        buf[..n].fill(7);
        self.left -= n;
        Ok(n)
    }
}

#[test]
fn a_stream_goes_in_chunks_once_the_server_wants_it() {
    let late = vec![Step::Pause(Duration::from_millis(1300)), go_on(), Step::Take, done()];
    for (what, script) in [
        ("wanted", vec![go_on(), Step::Take, done()]),
        ("wanted late", late),
        ("not said", vec![Step::Take, done()]),
        (
            "still working",
            vec![go_on(), Step::Take, Step::Send(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec()), done()],
        ),
    ] {
        let server = Server::new([script]);
        let mut stream = Odd::new(3_000_000, false);
        let response = client().send(&put(&server), Body::Stream(&mut stream)).unwrap();
        assert_eq!(response.status, 204, "{what}");
        let seen = server.seen().remove(0);
        assert!(seen.whole && seen.body == vec![7; 3_000_000], "{what}: {} bytes", seen.body.len());
        assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
        assert_eq!(seen.header("expect"), Some("100-continue"));
        assert!(seen.head.starts_with("PUT /v2/images/i/file HTTP/1.1\r\n"));
    }
}

#[test]
fn a_server_that_refuses_gets_no_byte() {
    let server = Server::new([vec![Step::Send(answer("409 Conflict", "", b"the image is active", None))]]);
    let mut stream = Odd::new(3_000_000, false);
    let response = client().send(&put(&server), Body::Stream(&mut stream)).unwrap();
    let error = response.success().unwrap_err();
    assert_eq!((stream.left, error.status()), (3_000_000, Some(409)));
    assert!(!error.is_retryable() && error.to_string().contains("the image is active"), "{error}");
    assert_eq!(server.seen()[0].header("connection"), Some("close"));
}

#[test]
fn a_server_that_does_not_know_how_to_be_asked_is_not() {
    let chatty = Step::Send(b"HTTP/1.1 100 Continue\r\nServer: chatty\r\n\r\n".to_vec());
    let conflict = Step::Send(answer("409 Conflict", "", b"", None));
    for (what, first, second, expected) in [
        ("headers with 100", vec![chatty, Step::Stall], vec![Step::Take, done()], 204),
        ("417", status("417 Expectation Failed", ""), vec![Step::Take, done()], 204),
        ("a refusal, kept open", vec![conflict.clone(), Step::Stall], vec![Step::Take, conflict], 409),
    ] {
        let server = Server::new([first, second]);
        let response =
            client_with("1").send(&put(&server), Body::Stream(&mut Odd::new(300_000, false))).unwrap();
        let seen = server.seen();
        assert_eq!((response.status, seen.len()), (expected, 2), "{what}");
        assert_eq!((seen[1].body.len(), seen[1].header("expect")), (300_000, None), "{what}");
    }
}

#[test]
fn a_body_that_cannot_be_read_is_never_finished() {
    let server = Server::new([vec![go_on(), Step::Take, done()]]);
    let error = client().send(&put(&server), Body::Stream(&mut Odd::new(1_000_000, true))).unwrap_err();
    assert!(
        matches!(&error, Error::Body { source, .. } if source.to_string() == "the disk is gone"),
        "{error:?}"
    );
    assert!(!error.is_retryable());
    while server.seen()[0].body.len() < 1_000_000 {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!server.seen()[0].whole);
}

#[test]
fn no_wait_is_for_ever() {
    let cases: [(&str, Script, Wait); 3] = [
        ("nothing is taken", vec![go_on(), Step::Pause(Duration::from_secs(30))], Wait::Sending),
        ("nothing is answered", vec![go_on(), Step::Take, Step::Stall], Wait::Answer),
        (
            "half an answer",
            vec![go_on(), Step::Take, Step::Send(b"HTTP/1.1 20".to_vec()), Step::Stall],
            Wait::Answer,
        ),
    ];
    for (what, script, expected) in cases {
        let most = if expected == Wait::Sending { usize::MAX } else { 1000 };
        let server = Server::new([script]);
        let error =
            client_with("1").send(&put(&server), Body::Stream(&mut Odd::new(most, false))).unwrap_err();
        assert!(matches!(error, Error::Silence { wait, .. } if wait == expected), "{what}: {error}");
        assert!(error.is_retryable());
    }
}

#[test]
fn a_server_that_goes_away_may_be_back() {
    for script in [vec![], vec![go_on()], vec![go_on(), Step::Take]] {
        let server = Server::new([script]);
        let error = client().send(&put(&server), Body::Stream(&mut Odd::new(1_000_000, false))).unwrap_err();
        assert!(matches!(error, Error::Connection { .. }) && error.is_retryable(), "{error:?}");
    }
}

#[test]
fn bytes_go_with_their_number() {
    for (method, body, length) in [
        (Method::Patch, Body::Bytes(b"[1, 2]"), Some("6")),
        (Method::Post, Body::Empty, Some("0")),
        (Method::Put, Body::Bytes(b""), Some("0")),
        (Method::Delete, Body::Empty, None),
        (Method::Head, Body::Empty, None),
    ] {
        let server = Server::new([status("200 OK", "X-Image-Meta-Status: queued\r\n")]);
        let request = Request::new(method, Url::parse(&server.url("/x")).unwrap());
        let response = client().send(&request, body).unwrap();
        assert_eq!(response.header("x-image-meta-status"), Some("queued"));
        let seen = server.seen().remove(0);
        assert!(seen.head.starts_with(&format!("{} /x ", method.name())));
        assert_eq!((seen.header("content-length"), seen.header("transfer-encoding")), (length, None));
    }
}

#[test]
fn a_document_has_a_limit() {
    let endless = vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Step::Forever(vec![b' '; 65536])];
    let server = Server::new([endless]);
    let request = Request::get(Url::parse(&server.url("/x")).unwrap());
    let error = client().send(&request, Body::Empty).unwrap().document(1 << 20).unwrap_err();
    assert!(matches!(error, Error::TooLong { limit: 1_048_576, .. }), "{error:?}");
}
