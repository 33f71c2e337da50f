//! `vhd-porter call`: the same calls from a terminal.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::host::Host;
use crate::repository::{Sr, some_uuids};

fn call(host: &Host, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vhd-porter"));
    // The command line as it is, and settings for the plugin: those that `command` has set.
    let plugin = host.command("porter");
    command.env_clear().envs(plugin.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.arg("call").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The one document on standard output.
fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stdout)))
}

#[test]
fn keys_and_values_are_arguments() {
    let (host, sr) = (Host::new(), Sr::new());
    let (chain, stack) = (sr.chain(2), some_uuids(2));
    let arguments = [
        "workarounds",
        "safe_copy_vdis",
        &format!("sr_path={}", sr.text()),
        &format!("vdi_uuids={}", json!(chain)),
        &format!("uuid_stack={}", json!(stack)),
    ];
    let output = call(&host, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(document(&output), json!({ "root": { "uuid": stack[1] } }));
    assert!(sr.disk(stack[1]) == sr.disk(chain[0]), "another disk");
    // A person sees the log.
    assert!(text(&output.stderr).contains("relinking and checking"), "{}", text(&output.stderr));
}

#[test]
fn a_lone_text_is_shown_bare_and_as_json_where_that_is_asked_for() {
    let host = Host::new();
    for plugin in ["dom0_plugin_version", "dom0_plugin_version.py"] {
        let output = call(&host, &[plugin, "get_version"]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "2.1\n"));
    }
    let output = call(&host, &["dom0_plugin_version", "get_version", "--json", "{}"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "\"2.1\"\n"));
    let output = call(&host, &["config_file.py", "get_val", "key=relax-xsm-sr-check"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "true\n"));
}

#[test]
fn a_directory_of_plugins_is_asked_as_xapi_would() {
    let (host, sr) = (Host::new(), Sr::new());
    let chain = sr.chain(1);
    let directory = host.path(".");
    let directory = directory.to_str().unwrap();
    let check = json!({ "path": sr.text() }).to_string();
    let output = call(&host, &["porter", "check", "--json", &check, "--plugin-dir", directory]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(document(&output)["files"][0]["file"], json!(format!("{}.vhd", chain[0])));
    assert_eq!(text(&output.stderr), "", "a link logs to syslog");
    for name in ["missing.py", "unknown.py"] {
        let output = call(&host, &[name, "check", "--json", &check, "--plugin-dir", directory]);
        assert_eq!(output.status.code(), Some(1));
        assert!(document(&output)["error"]["message"].is_string());
    }
}

#[test]
fn failures_end_with_one_and_say_why() {
    let (host, sr) = (Host::new(), Sr::new());
    let arguments = json!({ "sr_path": sr.text(), "vdi_uuids": sr.chain(1), "uuid_stack": [] }).to_string();
    let output = call(&host, &["workarounds", "safe_copy_vdis", "--json", &arguments]);
    assert_eq!(output.status.code(), Some(1));
    let message = "too few uuids: expected one for each of the 1 links, found 0";
    assert_eq!(document(&output), json!({ "error": { "kind": "IndexError", "message": message } }));
    let output = call(&host, &["porter", "check", "path=/nonexistent"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    let said = text(&output.stderr);
    assert!(said.lines().last().unwrap().starts_with("vhd-porter: OSError: opening /nonexistent"), "{said}");
    // No such function, no such plugin.
    let output = call(&host, &["porter", "cheque", "--json", "{}"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(document(&output)["error"]["message"].as_str().unwrap().contains("import_image"));
    assert_eq!(call(&host, &["no_plugin", "check"]).status.code(), Some(1));
}

#[test]
fn what_is_no_argument_is_wrong_usage() {
    let host = Host::new();
    for arguments in [&["porter", "check", "path"][..], &["porter", "check", "path=a", "path=b"], &["porter"]]
    {
        let output = call(&host, arguments);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{arguments:?}");
    }
    let output = call(&host, &["porter", "check", "path=a", "--json", "{}"]);
    assert_eq!((output.status.code(), &document(&output)["error"]["kind"]), (Some(2), &json!("usage")));
}
