//! Sessions and calls: what is sent, what comes back, and everything that may come instead.

use std::os::unix::net::UnixListener;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;
use vhd_porter::config::{Key, Origin, Settings, key};
use vhd_porter::wire::{Secret, Value};
use vhd_porter::xenapi::{Error, Session, VdiRef};

use crate::xapi::{Reply, Xapi, http};

const LOGIN: &str = "session.login_with_password";

fn settings(values: &[(&'static Key, &str)]) -> Settings {
    let mut settings = Settings::default();
    let always = [(key::XAPI_TIMEOUT, "1"), (key::XAPI_INVENTORY, "/nonexistent/inventory")];
    for (key, text) in always.iter().chain(values) {
        settings.set(key, *text, Origin::Option).unwrap();
    }
    settings
}

fn socket(path: &Path) -> String {
    format!("unix:{}", path.display())
}

/// A xapi on a socket, and settings that lead to it.
fn xapi() -> (TempDir, Xapi, Settings) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("xapi");
    let xapi = Xapi::on_socket(&path);
    let settings = settings(&[(key::XAPI_URL, &socket(&path))]);
    (place, xapi, settings)
}

#[test]
fn a_session_of_ours_is_logged_in_and_out() {
    let (_place, xapi, settings) = xapi();
    xapi.on("pool.get_all", Reply::Success(json!(["OpaqueRef:pool"])));
    let session = Session::login(&settings).unwrap();
    assert_eq!(session.call("pool.get_all", []).unwrap(), Value::texts(["OpaqueRef:pool"]));
    assert!(!format!("{session:?}").contains("session-of-tests"));
    drop(session);
    let expected = [
        (LOGIN.to_owned(), vec![json!("root"), json!(""), json!("1.0"), json!("vhd-porter")]),
        ("pool.get_all".to_owned(), vec![]),
        ("session.logout".to_owned(), vec![]),
    ];
    assert_eq!(xapi.calls(), expected);
}

#[test]
fn a_session_of_somebody_else_is_left_alone() {
    let (_place, xapi, settings) = xapi();
    let uuid = Uuid::new_v4();
    xapi.on("VDI.get_uuid", Reply::Success(json!(uuid.to_string())));
    let session = Session::of_caller(&Secret::new("OpaqueRef:caller-of-tests"), &settings).unwrap();
    assert_eq!(session.vdi_uuid(&VdiRef::parse("OpaqueRef:vdi").unwrap()).unwrap(), uuid);
    drop(session);
    assert_eq!(xapi.calls(), [("VDI.get_uuid".to_owned(), vec![json!("OpaqueRef:vdi")])]);
}

#[test]
fn the_web_is_asked_with_a_password() {
    let (xapi, url) = Xapi::on_port();
    let settings =
        settings(&[(key::XAPI_URL, &url), (key::XAPI_USER, "me"), (key::XAPI_PASSWORD, "pa55-of-tests")]);
    drop(Session::login(&settings).unwrap());
    let (method, params) = &xapi.calls()[0];
    assert_eq!((method.as_str(), &params[..2]), (LOGIN, &[json!("me"), json!("pa55-of-tests")][..]));
}

#[test]
fn a_refusal_is_told_as_xapi_tells_it() {
    let (_place, xapi, settings) = xapi();
    for (description, message) in [
        (
            &["SESSION_AUTHENTICATION_FAILED", "root", "Authentication failure"][..],
            "set xapi.user and xapi.password",
        ),
        (&["HOST_IS_SLAVE", "10.0.0.1"], "['HOST_IS_SLAVE', '10.0.0.1']; the address is its pool's master"),
        (&["INTERNAL_ERROR", "Not_found"], "session.login_with_password: ['INTERNAL_ERROR', 'Not_found']"),
    ] {
        xapi.on(LOGIN, Reply::failure(description));
        let error = Session::login(&settings).unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (Some(description[0]), false));
        assert!(error.full_message().contains(message), "{error}");
    }
    assert_eq!(
        xapi.methods(),
        [LOGIN; 3],
        "nobody is followed, and no session is logged out that there never was"
    );
}

#[test]
fn the_master_is_followed_only_if_that_is_asked_for_and_only_to_a_host() {
    let (_place, xapi, mut settings) = xapi();
    // Nobody listens for TLS there: that it is tried is what counts.
    for (follow, master, expected) in [
        ("true", "127.0.0.1", "https://127.0.0.1/"),
        ("true", "root:x@evil/", "['HOST_IS_SLAVE', 'root:"),
        ("false", "127.0.0.1", "['HOST_IS_SLAVE', '127.0.0.1']"),
    ] {
        xapi.on(LOGIN, Reply::failure(&["HOST_IS_SLAVE", master]));
        settings.set(key::XAPI_FOLLOW_MASTER, follow, Origin::Option).unwrap();
        let said = Session::login(&settings).unwrap_err().full_message();
        assert!(said.contains(expected), "{master}: {said}");
    }
}

#[test]
fn an_ended_session_is_no_login() {
    let (_place, xapi, settings) = xapi();
    xapi.on("VDI.get_uuid", Reply::failure(&["SESSION_INVALID", "OpaqueRef:ended-session"]));
    let session = Session::of_caller(&Secret::new("OpaqueRef:ended-session"), &settings).unwrap();
    let error = session.vdi_uuid(&VdiRef::parse("OpaqueRef:vdi").unwrap()).unwrap_err();
    assert_eq!(error.code(), Some("SESSION_INVALID"));
    assert_eq!(xapi.methods(), ["VDI.get_uuid"]);
}

/// What may come instead of an answer.
fn instead_of_an_answer() -> Vec<(&'static str, Reply, &'static str)> {
    let good = "<methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value>\
                </member><member><name>Value</name><value>x</value></member></struct></value></param></params>\
                </methodResponse>";
    let bomb = format!("<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\">]>{}", good.replace(">x<", ">&b;<"));
    let deep = format!("<methodResponse><params><param>{}", "<value><array><data>".repeat(100_000));
    let truncated = http(good.as_bytes());
    vec![
        ("nothing", Reply::Bytes(vec![]), "calling"),
        ("garbage", Reply::Bytes(b"\x16\x03\x01\0\xffgarbage\r\n\r\n".to_vec()), "calling"),
        ("half a head", Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()), "calling"),
        (
            "an endless head",
            Reply::Bytes([b"HTTP/1.1 200 OK\r\na: ".to_vec(), vec![b'a'; 1 << 20]].concat()),
            "calling",
        ),
        ("half a document", Reply::Bytes(truncated[..truncated.len() - 9].to_vec()), "calling"),
        (
            "a length that is none",
            Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n".to_vec()),
            "calling",
        ),
        ("too much", Reply::Bytes(http(&vec![b' '; (16 << 20) + 1])), "calling"),
        ("silence", Reply::Silence(vec![]), "timeout: global"),
        ("half a head and silence", Reply::Silence(b"HTTP/1.1 200".to_vec()), "timeout: global"),
        (
            "half a document and silence",
            Reply::Silence(truncated[..truncated.len() - 9].to_vec()),
            "timeout: global",
        ),
        ("a trickle", Reply::Trickle, "timeout: global"),
        (
            "another status",
            Reply::Bytes(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_vec()),
            "expected HTTP status 200, found 503",
        ),
        (
            "a redirect",
            Reply::Bytes(
                b"HTTP/1.1 302 Found\r\nlocation: http://evil/\r\ncontent-length: 0\r\n\r\n".to_vec(),
            ),
            "expected HTTP status 200, found 302",
        ),
        ("no XML", Reply::document("hello"), "is not xapi's: not well-formed XML"),
        ("nothing in it", Reply::document(""), "is not xapi's"),
        ("something after it", Reply::document(&format!("{good}<a/>")), "is not xapi's"),
        ("no status", Reply::document(&good.replace("Status", "State")), "is not xapi's: expected Status"),
        ("a bomb", Reply::document(&bomb), "is not xapi's: a document type declaration"),
        ("a deep one", Reply::document(&deep), "is not xapi's: values nested deeper than 16"),
        ("an empty failure", Reply::Failure(vec![]), "is not xapi's: expected Status"),
        (
            "a fault",
            Reply::document(
                "<methodResponse><fault><value><struct><member><name>faultString</name><value>why</value></member></struct></value></fault></methodResponse>",
            ),
            "xapi does not know such a call: why",
        ),
        ("no session", Reply::Success(json!("")), "expected a session, found text"),
        ("a struct", Reply::Success(json!({})), "expected a session, found dict"),
    ]
}

#[test]
fn whatever_comes_instead_of_an_answer_is_an_error_in_time() {
    let (_place, xapi, settings) = xapi();
    for (name, reply, message) in instead_of_an_answer() {
        let kind = reply.clone();
        xapi.on(LOGIN, reply);
        let error = Session::login(&settings).map(|_| name).unwrap_err();
        let said = error.full_message();
        assert!(said.contains(message), "{name}: {said}");
        let broken = matches!(error, Error::Connection { .. } | Error::Status { status: 503, .. });
        assert_eq!(error.is_retryable(), broken, "{name} {kind:?}");
    }
}

#[test]
fn nobody_to_ask_is_said_at_once() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("xapi");
    let settings = settings(&[(key::XAPI_URL, &socket(&path))]);
    let error = Session::login(&settings).unwrap_err();
    assert!(error.is_retryable() && error.to_string().starts_with("no xapi at unix:"), "{error}");
    // A socket that its owner has left behind.
    drop(UnixListener::bind(&path).unwrap());
    let said = Session::login(&settings).unwrap_err().full_message();
    assert!(said.contains("Connection refused"), "{said}");
    // No socket at all.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "").unwrap();
    assert!(Session::login(&settings).unwrap_err().is_retryable());
}

#[test]
fn a_full_queue_is_not_waited_for_for_ever() {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket as new_socket};
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("xapi");
    let listener = new_socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&listener, &SocketAddrUnix::new(&path).unwrap()).unwrap();
    listen(&listener, 0).unwrap();
    // Nobody accepts: one waits in the queue, the next would wait for its place.
    let _waiting = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let settings = settings(&[(key::XAPI_URL, &socket(&path))]);
    let error = Session::login(&settings).unwrap_err();
    assert!(error.is_retryable() && error.full_message().contains("timeout"), "{}", error.full_message());
}

#[test]
fn over_the_web_it_is_the_same() {
    let (xapi, url) = Xapi::on_port();
    let settings = settings(&[(key::XAPI_URL, &url)]);
    for (reply, retryable, message) in [
        (Reply::Silence(vec![]), true, "expected an answer within 1 s, found silence"),
        (Reply::Bytes(vec![]), true, "session.login_with_password: reaching xapi: POST http://127.0.0.1:"),
        (
            Reply::Bytes(http(&vec![b' '; (16 << 20) + 1])),
            false,
            "expected at most 16777216 bytes, found more",
        ),
        (Reply::Bytes(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n".to_vec()), false, "status 403"),
        (Reply::document("hello"), false, "is not xapi's"),
        (Reply::failure(&["INTERNAL_ERROR"]), false, "['INTERNAL_ERROR']"),
    ] {
        xapi.on(LOGIN, reply);
        let error = Session::login(&settings).unwrap_err();
        assert!(error.full_message().contains(message), "{}", error.full_message());
        assert_eq!(error.is_retryable(), retryable, "{message}");
    }
}

#[test]
fn the_inventory_says_which_host_this_is() {
    let (place, xapi, mut settings) = xapi();
    let inventory = place.path().join("inventory");
    std::fs::write(&inventory, "PRODUCT_BRAND='XCP-ng'\nINSTALLATION_UUID='5ca3034b'\n").unwrap();
    xapi.on("host.get_by_uuid", Reply::Success(json!("OpaqueRef:here")));
    xapi.on("session.get_this_host", Reply::Success(json!("OpaqueRef:there")));
    settings.set(key::XAPI_INVENTORY, inventory.to_str().unwrap(), Origin::Option).unwrap();
    assert_eq!(Session::login(&settings).unwrap().this_host().unwrap().to_string(), "OpaqueRef:here");
    std::fs::remove_file(&inventory).unwrap();
    assert_eq!(Session::login(&settings).unwrap().this_host().unwrap().to_string(), "OpaqueRef:there");
    let calls = xapi.calls();
    assert!(calls.contains(&("host.get_by_uuid".to_owned(), vec![json!("5ca3034b")])), "{calls:?}");
    assert!(calls.contains(&("session.get_this_host".to_owned(), vec![json!("OpaqueRef:session-of-tests")])));
}

#[test]
fn the_control_domain_is_the_host_s_own() {
    let (_place, xapi, settings) = xapi();
    xapi.on("session.get_this_host", Reply::Success(json!("OpaqueRef:here")));
    let session = Session::login(&settings).unwrap();
    let of = |records| {
        xapi.on("VM.get_all_records_where", Reply::Success(records));
        session.control_domain().map(|vm| vm.to_string()).map_err(|e| e.to_string())
    };
    let driver = json!({ "domid": "7" });
    assert_eq!(
        of(json!({ "OpaqueRef:b": driver, "OpaqueRef:a": { "domid": "0" } })),
        Ok("OpaqueRef:a".into())
    );
    assert_eq!(of(json!({ "OpaqueRef:b": {} })), Ok("OpaqueRef:b".into()));
    for records in [json!({}), json!({ "OpaqueRef:b": driver, "OpaqueRef:c": driver }), json!({ "a b": {} })]
    {
        assert!(of(records).unwrap_err().contains("expected the control domain of this host"));
    }
    let filter = "field \"is_control_domain\" = \"true\" and field \"resident_on\" = \"OpaqueRef:here\"";
    assert!(xapi.calls().contains(&("VM.get_all_records_where".to_owned(), vec![json!(filter)])));
}
