//! Every class of failure, provoked for real: what the control plane is told, and that nothing is left or changed.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::calls::in_json;
use crate::host::{Host, xml};
use crate::python::{Python, Request};
use crate::repository::{Sr, some_uuids};

/// A call that fails: plugin, function, arguments; and class and message that come of it.
struct Case {
    plugin: &'static str,
    function: &'static str,
    arguments: Value,
    class: &'static str,
    message: String,
}

fn case(
    plugin: &'static str,
    function: &'static str,
    arguments: Value,
    class: &'static str,
    message: impl Into<String>,
) -> Case {
    Case { plugin, function, arguments, class, message: message.into() }
}

/// The table of `src/host/work.rs`, and what a call may have wrong in itself. `vhd-util` is a program that fails.
fn cases(sr: &Sr, chain: &[Uuid], scratch: &Path) -> Vec<Case> {
    let (path, stack, image) = (sr.text(), some_uuids(2), fixture("ext4-single.tar.gz"));
    let text = |name: &str| scratch.join(name).to_str().unwrap().to_owned();
    let copy = |change: Value| {
        let mut arguments = json!({ "sr_path": path, "vdi_uuids": chain, "uuid_stack": stack });
        arguments.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        arguments
    };
    let import = |change: Value| {
        let mut arguments = json!({ "image": image, "sr_path": path, "uuid_stack": stack });
        arguments.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        arguments
    };
    let copies =
        |change, class, message: &str| case("workarounds", "safe_copy_vdis", copy(change), class, message);
    let imports =
        |change, class, message: &str| case("porter", "import_image", import(change), class, message);
    let exports = |change: Value, message: &str| {
        let mut arguments = json!({ "sr_path": path, "vdi_uuids": chain, "file": text("x") });
        arguments.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        case("porter", "export_image", arguments, "ArgumentError", message)
    };
    let garbage = text("garbage.vhd");
    fs::write(&garbage, [7; 4096]).unwrap();
    vec![
        copies(
            json!({ "uuid_stack": stack[..1] }),
            "IndexError",
            "too few uuids: expected one for each of the 2 links, found 1",
        ),
        copies(json!({ "uuid_stack": [stack[0], stack[0]] }), "ArgumentError", "every uuid once"),
        copies(
            json!({ "uuid_stack": ["../etc"] }),
            "ArgumentError",
            "malformed uuid: expected 36 characters like",
        ),
        copies(
            json!({ "vdi_uuids": [] }),
            "ArgumentError",
            "VDIs: expected at least one, leaf first, found none",
        ),
        copies(
            json!({ "vdi_uuids": "x" }),
            "ArgumentError",
            "argument vdi_uuids: expected a list of nothing but texts, found",
        ),
        copies(json!({ "more": 1 }), "ArgumentError", "unknown argument more"),
        copies(
            json!({ "uuid_stack": [stack[0], chain[0]] }),
            "PluginError",
            format!("{} is taken", chain[0]).as_str(),
        ),
        copies(
            json!({ "sr_path": text("no SR") }),
            "OSError",
            "no SR: expected the directory of an SR, found nothing",
        ),
        copies(
            json!({ "sr_path": garbage }),
            "OSError",
            "expected the directory of an SR, found something else",
        ),
        copies(json!({ "vdi_uuids": stack }), "OSError", format!("{} is not in {path}", stack[0]).as_str()),
        copies(
            json!({ "vdi_uuids": chain[..1] }),
            "Exception",
            "expected a dynamic image: it is the base of this chain",
        ),
        imports(json!({ "image": text("missing") }), "OSError", "missing: No such file or directory"),
        imports(json!({ "image": "gopher://image/1" }), "ArgumentError", "unknown kind of source"),
        imports(json!({ "image": "-" }), "ArgumentError", "a plugin has no standard input"),
        imports(json!({ "tool": "xyz" }), "ArgumentError", "unknown tool \"xyz\": expected one of auto"),
        imports(json!({ "image": garbage }), "Exception", "garbage.vhd"),
        imports(json!({ "uuid_stack": [] }), "IndexError", "too few uuids"),
        imports(json!({ "tool": "vhd-util" }), "SubprocessException", FAILED),
        // A check that fails is a verdict.
        imports(json!({ "tool": "both" }), "Exception", "disk.vhd: the tool refuses it: what it said"),
        case(
            "porter",
            "export_image",
            json!({ "sr_path": path, "vdi_uuids": chain, "file": garbage }),
            "PluginError",
            "exists already and is not replaced",
        ),
        exports(json!({ "level": 10 }), "expected 0 (store) to 9, found 10"),
        exports(json!({ "compress": "zstd", "level": 20 }), "level of zstd: expected 1 to 19, found 20"),
        exports(json!({ "compress": "zstd", "level": 0 }), "level of zstd: expected 1 to 19, found 0"),
        exports(json!({ "compress": "xz" }), "expected gzip or zstd, found \"xz\""),
        exports(json!({ "digests": ["md5", "crc32"] }), "sha256, sha512, found \"crc32\""),
        exports(json!({ "digests": "md5" }), "argument digests: expected a list of nothing but texts"),
        imports(json!({ "digests": [""] }), "ArgumentError", "sha256, sha512, found \"\""),
        case(
            "porter",
            "export_image",
            json!({ "sr_path": path, "vdi_uuids": chain[..1], "file": text("x") }),
            "Exception",
            "the parent is missing",
        ),
        case("porter", "check", json!({ "path": text("missing") }), "OSError", "No such file"),
        case("porter", "inspect", json!({ "path": garbage }), "Exception", "garbage.vhd"),
    ]
}

fn fixture(name: &str) -> String {
    format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// How a program is quoted that fails.
const FAILED: &str = "ended with exit status: 7: what it said why it failed";

/// A program that complains and ends with `end`, whatever it is asked.
fn program(directory: &Path, end: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = directory.join("failing-vhd-util");
    fs::write(&path, format!("#!/bin/sh\necho what it said\necho why it failed >&2\n{end}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn each_failure_has_its_class_and_leaves_nothing() {
    let (mut host, sr, scratch) = (Host::new(), Sr::new(), tempfile::tempdir().unwrap());
    let chain = sr.chain(2);
    let before = sr.content();
    let failing = program(scratch.path(), "exit 7");
    for case in cases(&sr, &chain, scratch.path()) {
        // The plugins that cannot be told take whatever is there; only those that are told shall meet this one.
        let command = if case.arguments["tool"].is_null() { "vhd-util" } else { failing.as_str() };
        host.set("VHD_PORTER_VHD_UTIL", command);
        let call = xml(case.function, &[("json", &case.arguments.to_string())]);
        let (class, message) = host.failure(case.plugin, call);
        assert_eq!(class, case.class, "{message}");
        assert!(message.contains(&case.message), "{message:?} does not say {:?}", case.message);
        assert_eq!(sr.content(), before, "after {message}");
    }
}

#[test]
fn a_tool_that_is_killed_is_no_bad_image() {
    let (mut host, sr, scratch) = (Host::new(), Sr::new(), tempfile::tempdir().unwrap());
    host.set("VHD_PORTER_VHD_UTIL", program(scratch.path(), "kill -9 $$"));
    for tool in ["vhd-util", "both"] {
        let image = fixture("ext4-single.tar.gz");
        let arguments = json!({ "image": image, "sr_path": sr.text(), "tool": tool }).to_string();
        let (class, message) = host.failure("porter", xml("import_image", &[("json", &arguments)]));
        assert_eq!(class, "SubprocessException", "{message}");
        assert!(message.contains("ended with signal: 9"), "{message}");
    }
    assert_eq!(sr.content().len(), 0);
}

#[test]
fn a_missing_tool_is_a_command_not_found() {
    let (mut host, sr) = (Host::new(), Sr::new());
    let arguments =
        |tool| json!({ "image": fixture("ext4-single.tar.gz"), "sr_path": sr.text(), "tool": tool });
    for command in ["/nonexistent/vhd-util", "no-such-vhd-util -q"] {
        host.set("VHD_PORTER_VHD_UTIL", command);
        for tool in ["vhd-util", "both"] {
            let call = xml("import_image", &[("json", &arguments(tool).to_string())]);
            let (class, message) = host.failure("porter", call);
            assert_eq!(class, "CommandNotFound");
            assert!(message.contains("found no such program: install it"), "{message}");
        }
        // Whoever leaves the choice to us is not troubled.
        let result = in_json(&host, "porter", "import_image", &arguments("auto"));
        assert_eq!(result["chain"].as_array().unwrap().len(), 1);
    }
    host.set("VHD_PORTER_VHD_UTIL", "vhd-util 'unquoted");
    let call = xml("import_image", &[("json", &arguments("auto").to_string())]);
    let (class, message) = host.failure("porter", call);
    assert_eq!(class, "PluginError");
    assert!(message.starts_with("VHD_PORTER_VHD_UTIL: vhd_util: expected a program"), "{message}");
    assert_eq!(sr.content().len(), 2);
}

#[test]
fn a_client_in_pickles_is_told_the_same() {
    let (host, sr) = (Host::new(), Sr::new());
    let chain = sr.chain(1);
    for python in Python::all() {
        let args = json!([sr.text(), chain, []]);
        let request = Request { function: "safe_copy_vdis", args, kwargs: json!({}), protocol: 0 };
        let [Some(call)] = &python.calls(&[request])[..] else { panic!("every Python has protocol 0") };
        let (class, message) = host.failure("workarounds", call);
        assert_eq!(class, "IndexError");
        assert_eq!(message, "too few uuids: expected one for each of the 1 links, found 0");
    }
}
