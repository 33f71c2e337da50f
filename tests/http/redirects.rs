//! Redirects: where to, what goes along, and when it is enough.

use vhd_porter::config::{Origin, Settings, key};
use vhd_porter::http::{Body, Client, Error, Method, Request, Url};

use crate::import::{fails, image, importing};
use crate::server::{Script, Server, ok, status};
use crate::support::Sr;

/// A client that waits for slow machines, but not for ever.
pub(crate) fn client() -> Client {
    client_with("20")
}

/// A client with an idle timeout, in seconds.
pub(crate) fn client_with(idle: &str) -> Client {
    let mut settings = Settings::default();
    settings.set(key::HTTP_IDLE_TIMEOUT, idle, Origin::Option).unwrap();
    Client::new(&settings).unwrap()
}

fn to(code: &str, location: &str) -> Script {
    status(code, &format!("Location: {location}\r\n"))
}

#[test]
fn every_kind_of_redirect_is_followed() {
    let image = image();
    for code in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let elsewhere = Server::new([ok("", &image)]);
        let server = Server::new([to(code, "../b?x=1"), to(code, &elsewhere.url("/c"))]);
        let sr = Sr::new();
        importing(&sr, &server.url("/a/a/a")).run().done();
        assert!(server.seen()[1].head.starts_with("GET /a/b?x=1 HTTP/1.1\r\n"), "{code}");
        assert!(elsewhere.seen()[0].head.starts_with("GET /c HTTP/1.1\r\n"), "{code}");
        assert_eq!(sr.arrived().len(), 2, "{code}");
    }
}

#[test]
fn secrets_stay_behind() {
    let elsewhere = Server::new([ok("", b"there")]);
    let server = Server::new([to("302 Found", "/again"), to("302 Found", &elsewhere.url("/x"))]);
    let url = server.url("/a").replace("//", "//user:a-password@");
    let mut request = Request::get(Url::parse(&url).unwrap());
    request.headers.set("X-Auth-Token", "a-token-for-one").unwrap();
    request.headers.set("Accept", "text/x").unwrap();
    let response = client().send(&request, Body::Empty).unwrap().success().unwrap();
    assert_eq!(response.url.to_string(), elsewhere.url("/x"));
    assert_eq!(response.document(100).unwrap(), b"there");
    for seen in server.seen() {
        assert_eq!(seen.header("x-auth-token"), Some("a-token-for-one"));
        assert!(seen.header("authorization").is_some());
    }
    let seen = &elsewhere.seen()[0];
    assert_eq!((seen.header("x-auth-token"), seen.header("authorization")), (None, None), "{}", seen.head);
    assert_eq!(seen.header("accept"), Some("text/x"));
}

#[test]
fn a_way_round_in_circles_ends() {
    let server = fails("a loop", "refused", &["at most 5 redirects"], (0..20).map(|_| to("302 Found", "/x")));
    assert_eq!(server.seen().len(), 6);
    for (what, kind, words, script) in [
        ("nowhere", "refused", "a redirect to nowhere", status("302 Found", "")),
        ("no URL", "refused", "a redirect to", to("302 Found", "http://")),
        ("a file", "refused", "a redirect to file:///etc/passwd", to("302 Found", "file:///etc/passwd")),
        ("nobody", "network", "127.0.0.1:1/x", to("302 Found", "http://127.0.0.1:1/x")),
    ] {
        fails(what, kind, &[words], [script]);
    }
}

#[test]
fn what_changes_something_is_not_sent_elsewhere() {
    for method in [Method::Put, Method::Patch, Method::Post, Method::Delete] {
        let server = Server::new([to("307 Temporary", "http://elsewhere:9292/v2?sig=f00ba8")]);
        let request = Request::new(method, Url::parse(&server.url("/v2")).unwrap());
        let error = client().send(&request, Body::Bytes(b"x")).unwrap_err();
        assert!(matches!(error, Error::Redirect { .. }) && !error.is_retryable());
        assert!(error.to_string().contains("a redirect to http://elsewhere:9292/v2"), "{error}");
        assert!(!error.to_string().contains("f00ba8"), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
}
