//! Bytes that are not what was said of them, and images that are bad where they are.

use base64::prelude::{BASE64_STANDARD, Engine};

use vhd_porter::http::{Request, Url};
use vhd_porter::pipeline::{Kind, inspect};
use vhd_porter::stream::Algorithm;
use vhd_porter::transport::{Checksums, Expectation, Source};

use crate::import::{fails, image, lands};
use crate::redirects::client;
use crate::server::{Script, Server, Step, answer, chunked, ok};
use crate::support::{Entry, gunzip, gzip, tar_of_entries};

/// A digest of `bytes` by a program of coreutils.
fn digest(program: &str, bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    crate::support::digest_program(program, file.path())
}

/// The MD5 of `bytes`, as a header.
fn md5(bytes: &[u8]) -> String {
    format!("Content-MD5: {}\r\n", digest("md5sum", bytes))
}

/// An archive that no good sender makes.
fn hostile() -> Vec<u8> {
    gzip(&tar_of_entries(&[Entry::special(tar::EntryType::Symlink, "0.vhd", "/etc/passwd")]))
}

#[test]
fn a_digest_in_either_spelling_is_held_against_the_bytes() {
    let image = image();
    let right = md5(&image);
    let hex = right["Content-MD5: ".len()..].trim();
    let bytes: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
    let base64 = format!("Content-MD5: {}\r\n", BASE64_STANDARD.encode(bytes));
    lands("hex", [ok(&right, &image)]);
    lands("capitals", [ok(&right.to_uppercase(), &image)]);
    lands("base64", [ok(&base64, &image)]);
    lands(
        "a tag of a web server that looks like one",
        [ok(&format!("ETag: \"{}\"\r\n", "0".repeat(32)), &image)],
    );
    lands("none that is known", [ok("Content-MD5: sixteen bytes of it\r\n", &image)]);
    let wrong = "Content-MD5: 00000000000000000000000000000000\r\n";
    let said = ["as Content-MD5 says", "expected md5 00000000", hex];
    fails("another", "network", &said, [ok(wrong, &image)]);
}

#[test]
fn glance_says_the_digest_in_several_places() {
    let image = image();
    let (right, wrong) = (digest("md5sum", &image), "0".repeat(32));
    for (headers, sound) in [
        (String::new(), true),
        (format!("ETag: {right}\r\n"), true),
        (format!("ETag: \"{right}\"\r\nContent-MD5: {right}\r\n"), true),
        (format!("X-Image-Meta-Checksum: {right}\r\n"), true),
        (format!("ETag: {wrong}\r\n"), false),
        (format!("ETag: \"{wrong}\"\r\n"), false),
        (format!("Content-MD5: {wrong}\r\n"), false),
        (format!("ETag: {right}\r\nX-Image-Meta-Checksum: {wrong}\r\n"), false),
        // No digests: a weak tag, and one of another length.
        (format!("ETag: W/\"{wrong}\"\r\n"), true),
        (format!("ETag: \"{wrong}-7\"\r\n"), true),
    ] {
        let server = Server::new([ok(&headers, &image)]);
        let request = Request::get(Url::parse(&server.url("/v1/images/i")).unwrap());
        let inspected = inspect(Source::from_http(&client(), request, Checksums::Glance).unwrap());
        let kind = inspected.err().map(|error| error.kind());
        assert_eq!(kind, (!sound).then_some(Kind::Network), "{headers}");
    }
}

#[test]
fn digests_that_a_caller_knows_count_as_well() {
    let image = image();
    let right = digest("sha512sum", &image);
    for (hex, kind) in [(right.as_str(), None), (&"0".repeat(128), Some(Kind::Network))] {
        let server = Server::new([ok("", &image)]);
        let request = Request::get(Url::parse(&server.url("/v2/images/i/file")).unwrap());
        let source = Source::from_http(&client(), request, Checksums::Glance).unwrap();
        let expectation = Expectation::new(Algorithm::named("sha512").unwrap(), hex, "os_hash_value");
        assert!(expectation.is_some());
        assert_eq!(inspect(source.expecting(expectation)).err().map(|error| error.kind()), kind);
    }
}

#[test]
fn damage_is_the_transfers_unless_a_digest_says_otherwise() {
    let mut damaged = image();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x40;
    let short = image()[..image().len() - 20].to_vec();
    let lies = vec![Step::Send(
        [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", short.len()).into_bytes(), image()]
            .concat(),
    )];
    for (what, kind, words, script) in [
        ("damaged, who knows where", "network", "it may have been damaged on its way", ok("", &damaged)),
        ("damaged on its way", "network", "expected md5", ok(&md5(&image()), &damaged)),
        ("damaged where it is", "bad-archive", "", ok(&md5(&damaged), &damaged)),
        ("cut off, who knows where", "network", "it may have been damaged on its way", ok("", &short)),
        ("cut off where it is", "bad-archive", "cut off", ok(&md5(&short), &short)),
        ("a length that is too short", "network", "cut off", lies),
        ("a hostile archive", "bad-archive", "symbolic link", ok("", &hostile())),
        ("a hostile archive, confirmed", "bad-archive", "symbolic link", ok(&md5(&hostile()), &hostile())),
        ("a hostile archive, of another digest", "network", "expected md5", ok(&md5(b""), &hostile())),
        ("an error page", "bad-archive", "<html>", ok("", b"<html>not found</html>")),
        ("nothing", "bad-archive", "an empty stream", ok("", b"")),
    ] {
        fails(what, kind, &[words], [script]);
    }
}

#[test]
fn a_body_that_never_comes_to_its_end_does() {
    let image = gunzip(&image());
    let zeros: Script = [
        chunked("", &image, false),
        vec![Step::Forever([&b"10000\r\n"[..], &[0; 0x10000], &b"\r\n"[..]].concat())],
    ]
    .concat();
    fails("an image and zeros", "bad-archive", &["trailing bytes"], [zeros.clone()]);
    let mut confirmed = zeros;
    confirmed[0] = chunked(&md5(b""), &image, false).remove(0);
    fails("an image and zeros, with a digest", "network", &["trailing bytes", "on its way"], [confirmed]);
}

#[test]
fn a_length_that_is_too_long_is_waited_for_in_vain() {
    let image = image();
    let longer = [image.clone(), vec![0; 99]].concat();
    let long = vec![Step::Send(answer("200 OK", "", &longer, Some(image.len())))];
    let gone = crate::server::status("416 Range Not Satisfiable", "");
    let server = fails("long", "network", &["resuming at byte", "416"], [long, gone]);
    assert_eq!(server.seen()[1].header("range"), Some(format!("bytes={}-", image.len()).as_str()));
}
