//! `vhd-porter doctor` of a host with a xapi: one that answers, refuses, is silent, or is away.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::xapi::{Reply, Xapi};

/// What it says of `what`: level, finding, advice; and whether anything is bad.
fn asked(place: &Path, what: &str) -> (String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vhd-porter"));
    command.args(["doctor", "--json", "--plugin-dir", "/nonexistent"]);
    command.env("VHD_PORTER_XAPI_URL", format!("unix:{}", place.join("xapi").display()));
    command.env("VHD_PORTER_XAPI_INVENTORY", place.join("inventory"));
    command.env("VHD_PORTER_XAPI_POOL_CONF", place.join("pool.conf"));
    command.env("VHD_PORTER_XAPI_TIMEOUT", "1").env("VHD_PORTER_CONFIG", "/dev/null");
    let output = command.output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let line = document["lines"].as_array().unwrap().iter().find(|line| line["what"] == what).unwrap();
    let parts = ["level", "found", "advice"].map(|part| line[part].as_str().unwrap_or_default());
    (parts.join(" | "), output.status.code() == Some(1))
}

#[test]
fn a_xapi_that_answers_says_what_it_is() {
    let place = tempfile::tempdir().unwrap();
    let xapi = Xapi::on_socket(&place.path().join("xapi"));
    fs::write(place.path().join("pool.conf"), "slave:192.0.2.7\n").unwrap();
    xapi.on("session.get_this_host", Reply::Success(json!("OpaqueRef:host")));
    let versions = json!({ "product_brand": "XCP-ng", "product_version": "8.3.0", "xapi": "25.6" });
    xapi.on("host.get_software_version", Reply::Success(versions));
    let (said, bad) = asked(place.path(), "xapi");
    assert!(said.starts_with("good | unix:/") && said.contains("answers: XCP-ng 8.3.0") && !bad, "{said}");
    let (said, _) = asked(place.path(), "pool");
    assert_eq!(said, "good | this host is a member; 192.0.2.7 is its master | ");
    assert_eq!(xapi.methods().last().unwrap(), "session.logout");
}

#[test]
fn one_that_does_not_is_bad() {
    for (reply, found, advice) in [
        (
            Reply::failure(&["SESSION_AUTHENTICATION_FAILED", "root", "x"]),
            "SESSION_AUTHENTICATION_FAILED",
            "correct xapi.user",
        ),
        (Reply::Silence(Vec::new()), "calling session.login_with_password", "xe-toolstack-restart"),
        (Reply::document("<no/>"), "is not xapi's", "see xapi's own log"),
    ] {
        let place = tempfile::tempdir().unwrap();
        let xapi = Xapi::on_socket(&place.path().join("xapi"));
        xapi.on("session.login_with_password", reply);
        let (said, bad) = asked(place.path(), "xapi");
        assert!(said.starts_with("bad | ") && said.contains(found) && said.contains(advice) && bad, "{said}");
    }
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("inventory"), "INSTALLATION_UUID='5ca3034b'\n").unwrap();
    let (said, bad) = asked(place.path(), "xapi");
    assert!(
        said.starts_with("bad | none at unix:/") && said.contains("xe-toolstack-restart") && bad,
        "{said}"
    );
}
