//! Imports from a server, and what is asked of every one of them.

use crate::server::{Script, Server, Step, chunked, ok};
use crate::support::{Disk, Porter, Run, Sr, chain, tar_gz};

/// An image of two links.
pub(crate) fn image() -> Vec<u8> {
    let links = Disk::chain(2, 4 << 20);
    tar_gz(&[("0.vhd", links[0].clone()), ("1.vhd", links[1].clone())])
}

/// `vhd-porter import URL --json` into a new SR, with an idle timeout of 1 s.
pub(crate) fn importing(sr: &Sr, url: &str) -> Porter {
    sr.importing(url).env("VHD_PORTER_HTTP_IDLE_TIMEOUT", "1")
}

/// Imports what a server with these scripts serves; it has to land whole.
#[track_caller]
pub(crate) fn lands(what: &str, scripts: impl IntoIterator<Item = Script>) -> Server {
    let (server, sr) = (Server::new(scripts), Sr::new());
    let run = importing(&sr, &server.url("/a/image.tgz")).run();
    assert_eq!(run.status, 0, "{what}: {}{}", run.text(), run.stderr);
    sr.assert_chain(&chain(&run));
    assert_eq!(sr.arrived().len(), 2, "{what}");
    server
}

/// The same for what must not land: of this kind, with these words, and nothing left in the SR.
#[track_caller]
pub(crate) fn fails(
    what: &str,
    kind: &str,
    words: &[&str],
    scripts: impl IntoIterator<Item = Script>,
) -> Server {
    let server = Server::new(scripts);
    refused(what, kind, words, |sr| importing(sr, &server.url("/a/image.tgz")).run());
    server
}

/// What `run` does to a new SR is refused, and leaves nothing there.
#[track_caller]
pub(crate) fn refused(what: &str, kind: &str, words: &[&str], run: impl FnOnce(&Sr) -> Run) {
    let sr = Sr::new();
    let before = sr.snapshot();
    let run = run(&sr);
    let document = run.json();
    assert_eq!((run.status, &document["error"]["kind"]), (1, &kind.into()), "{what}: {document}");
    let message = document["error"]["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "{what}: no {word:?} in {message:?}");
    }
    assert_eq!(sr.snapshot(), before, "{what}");
}

#[test]
fn every_framing_of_a_body_lands() {
    let image = image();
    let closed = [b"HTTP/1.0 200 OK\r\n\r\n".to_vec(), image.clone()].concat();
    let early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n".to_vec();
    let slow = || {
        ok("", &image).into_iter().map(|step| match step {
            Step::Send(bytes) => Step::Trickle(bytes),
            other => other,
        })
    };
    for (what, script) in [
        ("a length", ok("", &image)),
        ("chunks", chunked("", &image, true)),
        ("the end of the connection", vec![Step::Send(closed)]),
        ("answers before the answer", [vec![Step::Send(early)], ok("", &image)].concat()),
        ("slow, but alive", slow().collect()),
        ("said to be compressed", ok("Content-Encoding: gzip\r\n", &image)),
        ("the environment's compression", ok("Content-Type: application/x-gzip\r\n", &image)),
    ] {
        let server = lands(what, [script]);
        let seen = server.seen();
        assert_eq!(seen.len(), 1, "{what}");
        assert!(seen[0].head.starts_with("GET /a/image.tgz HTTP/1.1\r\n"), "{}", seen[0].head);
        assert_eq!(seen[0].header("accept-encoding"), Some("identity"));
    }
}

#[test]
fn a_lone_disk_is_called_as_in_its_url() {
    let (sr, disk) = (Sr::new(), Disk::new(9, 4 << 20).block(1, 7).bytes());
    let server = Server::new([ok("", &disk)]);
    let run = importing(&sr, &server.url("/disks/my.vhd?version=3")).run().done();
    assert_eq!(run.json()["chain"][0]["source"], "my.vhd");
    assert!(server.seen()[0].head.starts_with("GET /disks/my.vhd?version=3 "));
}

#[test]
fn passwords_are_sent_and_never_shown() {
    let (sr, server) = (Sr::new(), Server::new([ok("", &image())]));
    let url = server.url("/image.tgz?sig=f00ba7").replace("//", "//somebody:hunter-seven@");
    let run = Porter::new(["import", "-vv", "--sr"]).arg(sr.root()).arg(&url).run().done();
    // somebody:hunter-seven
    let basic = "Basic c29tZWJvZHk6aHVudGVyLXNldmVu";
    assert_eq!(server.seen()[0].header("authorization"), Some(basic));
    let gone = Porter::new(["import", "-vv", "--sr"]).arg(sr.root()).arg(&url).run();
    assert_eq!(gone.status, 1);
    for said in [run.text(), run.stderr, gone.stderr] {
        for secret in ["hunter-seven", "f00ba7", "c29tZWJv"] {
            assert!(!said.contains(secret), "{said}");
        }
        assert!(said.contains("127.0.0.1"), "{said}");
    }
}

#[test]
fn an_image_is_inspected_where_it_is() {
    let image = image();
    let server = Server::new([ok("", &image)]);
    let run = Porter::new(["inspect", "--json"]).arg(server.url("/image.tgz")).run().done();
    assert_eq!(run.json()["members"].as_array().unwrap().len(), 2);
    assert_eq!(run.json()["bytes"], image.len());
    let missing = Porter::new(["inspect", "--json"]).arg(server.url("/image.tgz")).run();
    missing.refused("network");
}

#[test]
fn what_is_no_url_and_nobody_is_there() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, kind, words) in [
        (format!("http://127.0.0.1:{port}/x"), "network", &["GET http://127.0.0.1:", "refused"][..]),
        ("http://no-such-host.invalid/x".into(), "network", &["GET http://no-such-host.invalid/x: "]),
        ("http://".into(), "bad-argument", &["expected http://HOST"]),
        ("http://h:port/x".into(), "bad-argument", &["expected http://HOST"]),
        ("https:///x".into(), "bad-argument", &["expected http://HOST"]),
        ("ftp://host/x".into(), "bad-argument", &["http(s)://HOST/PATH"]),
    ] {
        refused(&url, kind, words, |sr| {
            // Whoever resolves names here may take more than a second to say that there is none.
            sr.importing(&url).env("VHD_PORTER_HTTP_IDLE_TIMEOUT", "10").run()
        });
    }
}

#[test]
fn plugins_say_whether_to_try_again() {
    let image = image();
    for (script, class) in [
        (ok("Content-MD5: 00000000000000000000000000000000\r\n", &image), "RetryableError"),
        (crate::server::status("503 Busy", ""), "RetryableError"),
        (crate::server::status("404 Not Found", ""), "RetryableError"),
        (crate::server::status("403 Forbidden", ""), "PluginError"),
        (ok("", b"<html>"), "Exception"),
    ] {
        let (server, sr) = (Server::new([script]), Sr::new());
        let run = Porter::new(["call", "porter", "import_image"])
            .arg(format!("image={}", server.url("/image")))
            .arg(format!("sr_path={}", sr.root().display()))
            .env("VHD_PORTER_SR_ROOTS", sr.beside(""))
            .run();
        assert_eq!(run.status, 1);
        assert!(run.stderr.contains(&format!("vhd-porter: {class}: ")), "{class}: {}", run.stderr);
        assert!(sr.arrived().is_empty());
    }
}
