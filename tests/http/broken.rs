//! Transfers that break, and whether they can be taken up again.

use crate::import::{fails, image, importing, lands, refused};
use crate::server::{Script, Server, Step, answer, chunked, cut, ok, status};

const TAG: &str = "ETag: \"v1\"\r\n";

/// The rest that is asked for, under the same tag.
fn rest(body: &[u8]) -> Script {
    vec![Step::Rest(body.to_vec(), "\"v1\"", None)]
}

/// A 206 with this `Content-Range`, if any, and these bytes.
fn partial(range: &str, headers: &str, body: &[u8]) -> Script {
    let range = if range.is_empty() { String::new() } else { format!("Content-Range: {range}\r\n") };
    vec![Step::Send(answer("206 Partial Content", &(range + headers), body, None))]
}

#[test]
fn what_breaks_is_resumed_where_it_stopped() {
    let image = image();
    let (half, quarter) = (image.len() / 2, image.len() / 4);
    let stalled = [cut(TAG, &image, half), vec![Step::Stall]].concat();
    let again = vec![Step::Rest(image.clone(), "\"v1\"", Some(quarter))];
    let untagged = partial(&format!("bytes {half}-{}/*", image.len() - 1), "", &image[half..]);
    let date = "Fri, 01 Mar 2024 12:00:00 GMT";
    for (what, scripts, validator) in [
        ("cut off", vec![cut(TAG, &image, half), rest(&image)], Some("\"v1\"")),
        ("silent", vec![stalled, rest(&image)], Some("\"v1\"")),
        ("chunks", vec![chunked(TAG, &image[..half], false), rest(&image)], Some("\"v1\"")),
        ("no tag", vec![cut("", &image, half), untagged.clone()], None),
        ("a weak tag", vec![cut("ETag: W/\"v1\"\r\n", &image, half), untagged.clone()], None),
        ("a date", vec![cut(&format!("Last-Modified: {date}\r\n"), &image, half), untagged], Some(date)),
        ("cut off again", vec![cut(TAG, &image, quarter), again, rest(&image)], Some("\"v1\"")),
        ("in trouble", vec![cut(TAG, &image, half), status("503 Busy", ""), rest(&image)], Some("\"v1\"")),
        ("gone", vec![cut(TAG, &image, half), Vec::new(), rest(&image)], Some("\"v1\"")),
    ] {
        let server = lands(what, scripts);
        let seen = server.seen();
        let (first, last) = (&seen[0], seen.last().unwrap());
        assert_eq!(first.header("range"), None, "{what}");
        let from = last.header("range").unwrap().strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap();
        assert!(from.parse::<usize>().unwrap() >= 2 * quarter, "{what}: {from}");
        assert_eq!(last.header("if-range"), validator, "{what}");
    }
}

#[test]
fn what_broke_before_its_first_byte_is_asked_for_again_as_a_whole() {
    let image = image();
    let server = lands("nothing came", [cut(TAG, &image, 0), ok(TAG, &image)]);
    assert_eq!(server.seen()[1].header("range"), None);
    let longer = [image.clone(), vec![0; 512]].concat();
    fails("another length", "network", &["resuming at byte 0"], [cut(TAG, &image, 0), ok(TAG, &longer)]);
}

#[test]
fn attempts_are_counted() {
    let image = image();
    let crumbs = |n: usize| (0..n).map(|_| vec![Step::Rest(image.clone(), "\"v1\"", Some(10))]);
    let scripts = || [cut(TAG, &image, 10)].into_iter().chain(crumbs(20));
    assert_eq!(fails("three", "network", &["reading http://"], scripts()).seen().len(), 4);
    let server = Server::new(scripts());
    refused("none", "network", &["reading http://"], |sr| {
        importing(sr, &server.url("/x")).env("VHD_PORTER_HTTP_RETRIES", "0").run()
    });
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn what_cannot_be_resumed_is_not_tried() {
    let image = image();
    let half = image.len() / 2;
    for (what, script) in [
        ("no ranges", cut("Accept-Ranges: none\r\n", &image, half)),
        ("neither length nor tag", chunked("", &image[..half], false)),
        ("no last chunk", chunked("", &image, false)),
    ] {
        assert_eq!(fails(what, "network", &["reading http://"], [script]).seen().len(), 1, "{what}");
    }
}

#[test]
fn what_is_resumed_is_the_same_to_the_byte() {
    let image = image();
    let (half, end, len) = (image.len() / 2, image.len() - 1, image.len());
    let right = format!("bytes {half}-{end}/{len}");
    for (what, script) in [
        ("all of it", ok(TAG, &image)),
        ("another start", partial(&format!("bytes {}-{end}/{len}", half + 1), TAG, &image[half + 1..])),
        ("the start", partial(&format!("bytes 0-{end}/{len}"), TAG, &image)),
        ("another total", partial(&format!("bytes {half}-{end}/{}", len + 1), TAG, &image[half..])),
        ("longer", partial(&format!("bytes {half}-{}/{}", end + 9, len + 9), TAG, &[0; 9])),
        ("a part of it", partial(&format!("bytes {half}-{}/{len}", end - 1), TAG, &image[half..end])),
        ("beyond counting", partial(&format!("bytes {half}-{}/*", u64::MAX), TAG, &image[half..])),
        ("fewer bytes than it says", partial(&right, TAG, &image[half..end])),
        ("no range", partial("", TAG, &image[half..])),
        ("several ranges", partial("", "Content-Type: multipart/byteranges; boundary=x\r\n", b"--x")),
        ("another tag", partial(&right, "ETag: \"v2\"\r\n", &image[half..])),
        ("nothing", status("416 Range Not Satisfiable", "")),
        ("a condition", status("412 Precondition Failed", "")),
    ] {
        let server = fails(what, "network", &["resuming at byte"], [cut(TAG, &image, half), script]);
        assert_eq!(server.seen().len(), 2, "{what}");
    }
}

#[test]
fn a_refusal_to_resume_ends_it() {
    let image = image();
    for (line, kind) in [("401 Unauthorized", "refused"), ("404 Not Found", "no-such-image")] {
        let server = fails(line, kind, &[&line[..3]], [cut(TAG, &image, 99), status(line, "")]);
        assert_eq!(server.seen().len(), 2, "{line}");
    }
}

#[test]
fn what_is_no_answer() {
    let headers =
        |n: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", format!("X-Y: {}\r\n", "z".repeat(90)).repeat(n));
    for (what, words, script) in [
        ("nothing", "GET http://", Vec::new()),
        ("silence", "expected an answer within 1 s, found silence", vec![Step::Stall]),
        ("half of a head", "GET http://", vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec())]),
        ("another protocol", "expected HTTP", vec![Step::Send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec())]),
        ("bytes", "expected HTTP", vec![Step::Send(vec![0xff; 4096])]),
        ("too many headers", "expected HTTP", vec![Step::Send(headers(300).into_bytes())]),
        (
            "a header without end",
            "GET http://",
            vec![Step::Send(b"HTTP/1.1 200 OK\r\nX: ".to_vec()), Step::Forever(vec![b'x'; 4096])],
        ),
        (
            "only answers before the answer",
            "GET http://",
            vec![Step::Forever(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec())],
        ),
        (
            "a length that is none",
            "GET http://",
            vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello".to_vec())],
        ),
        (
            "two lengths",
            "http://",
            vec![Step::Send(
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello".to_vec(),
            )],
        ),
    ] {
        fails(what, "network", &[words], [script]);
    }
}
