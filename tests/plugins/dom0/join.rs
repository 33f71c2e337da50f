//! `xenhost.host_join`, with a stand-in for xapi.

use serde_json::{Value, json};

use super::stage::{Call, Outcome, Stage};
use crate::xapi::{Reply, Xapi};

const COMPUTE: &str = "5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11";
const ALL: [&str; 6] = [
    "session.login_with_password",
    "VM.get_by_uuid",
    "VM.clean_shutdown",
    "pool.join",
    "VM.start",
    "session.logout",
];

/// A host whose xapi does everything, and its URL.
fn pool() -> (Stage, Xapi, String) {
    let mut stage = Stage::new(|_, _, _| ());
    stage.host.set("VHD_PORTER_XENHOST_JOIN_TRIES", "2");
    stage.host.set("VHD_PORTER_XENHOST_JOIN_PAUSE", "1");
    let (xapi, url) = Xapi::on_port();
    xapi.on("VM.get_by_uuid", Reply::Success(json!("OpaqueRef:compute")));
    for method in ["VM.clean_shutdown", "pool.join", "pool.join_force", "VM.start"] {
        xapi.on(method, Reply::Success(json!("")));
    }
    (stage, xapi, url)
}

fn join(stage: &Stage, url: &str, force: &str) -> Outcome {
    let arguments = [
        ("compute_uuid", COMPUTE),
        ("url", url),
        ("user", "root"),
        ("password", "slaves-pa55"),
        ("master_addr", "192.0.2.1"),
        ("master_user", "admin"),
        ("master_pass", "masters-pa55"),
        ("force", force),
    ];
    let arguments = arguments.map(|(name, value)| (name, value.to_owned())).to_vec();
    stage.call("xenhost.py", "host_join", &Call::Plain(arguments))
}

#[test]
fn the_guest_is_down_while_the_host_joins() {
    let (stage, xapi, url) = pool();
    assert_eq!(join(&stage, &url, "false"), Ok(Value::Null));
    let calls = xapi.calls();
    let params =
        |method: &str| calls.iter().find(|(called, _)| called == method).map(|(_, params)| params.clone());
    assert_eq!(calls.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>(), ALL);
    assert_eq!(params(ALL[0]).unwrap()[..2], [json!("root"), json!("slaves-pa55")]);
    assert_eq!(params("VM.get_by_uuid").unwrap(), [json!(COMPUTE)]);
    assert_eq!(params("pool.join").unwrap(), [json!("192.0.2.1"), json!("admin"), json!("masters-pa55")]);
    assert_eq!(params("VM.start").unwrap(), [json!("OpaqueRef:compute"), json!(false), json!(true)]);
    assert_eq!(join(&stage, &url, "true"), Ok(Value::Null));
    assert!(xapi.methods().contains(&"pool.join_force".to_owned()));
    assert_eq!(stage.calls(), [""; 0]);
}

#[test]
fn a_host_that_has_joined_is_waited_for() {
    let (stage, xapi, url) = pool();
    xapi.on("VM.start", Reply::failure(&["SESSION_INVALID", "OpaqueRef:session-of-tests"]));
    assert_eq!(join(&stage, &url, "false"), Ok(Value::Null));
    assert_eq!(stage.calls(), [format!("xe vm-start uuid={COMPUTE}")]);
    stage.answers("xe-vm-start", "", "Lost connection to the server.\n", 1);
    let (class, message) = join(&stage, &url, "false").unwrap_err();
    assert_eq!(
        (class.as_str(), message.as_str()),
        ("PluginError", "Unrecoverable error: the host has not come back for more than 3 seconds")
    );
    assert_eq!(stage.calls().len(), 2);
}

#[test]
fn whatever_fails_the_guest_is_started_again_if_it_was_shut_down() {
    let (stage, xapi, url) = pool();
    xapi.on("pool.join", Reply::failure(&["POOL_JOINING_HOST_HAS_SHARED_SRS", "masters-pa55"]));
    let (class, message) = join(&stage, &url, "false").unwrap_err();
    assert_eq!(class, "Failure");
    assert!(message.starts_with("pool.join: ['POOL_JOINING_HOST_HAS_SHARED_SRS', '***']"), "{message}");
    assert_eq!(xapi.methods(), ALL);
    xapi.on("VM.clean_shutdown", Reply::failure(&["VM_BAD_POWER_STATE", "Halted"]));
    assert_eq!(join(&stage, &url, "false").unwrap_err().0, "Failure");
    assert_eq!(xapi.methods(), [ALL[0], ALL[1], ALL[2], ALL[5]]);
    xapi.on(ALL[0], Reply::failure(&["SESSION_AUTHENTICATION_FAILED", "root", "bad password slaves-pa55"]));
    let (class, message) = join(&stage, &url, "false").unwrap_err();
    assert_eq!(class, "Failure");
    assert!(!message.contains("slaves-pa55"), "{message}");
}

#[test]
fn only_a_xapi_on_the_web_is_asked() {
    let (stage, _, _) = pool();
    for url in ["", "unix:/var/lib/xcp/xapi", "file:///etc/passwd", "192.0.2.1"] {
        assert_eq!(join(&stage, url, "false").unwrap_err().0, "ArgumentError", "{url}");
    }
}
