//! Calls that nobody makes by mistake: places outside, names that are paths, bytes that drive terminals, documents that grow.

use std::ffi::OsStr;

use serde_json::{Map, Value, json};
use vhd_porter::host;
use vhd_porter::host::{Encoding, Function, Parameter, Plugin};
use vhd_porter::wire::xmlrpc::Answer;

use crate::host::{Host, xml};
use crate::repository::{Sr, some_uuids};

/// Takes anything, and has nothing to say to it.
const SINK: Plugin = Plugin {
    name: "sink",
    about: "For tests",
    functions: &[Function {
        name: "take",
        parameters: &[Parameter::optional("value")],
        encoding: Encoding::Pickled,
        run: |arguments| Ok(arguments.text("value")?.into()),
    }],
};

/// Every function that works on an SR, with arguments that would do but for the one that is put in.
fn calls_on_an_sr(sr: &Sr) -> Vec<(&'static str, &'static str, Value)> {
    let uuid = some_uuids(1)[0];
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ext4-single.tar.gz");
    let sr = sr.text();
    vec![
        ("porter", "import_image", json!({ "image": image, "sr_path": sr, "uuid_stack": [uuid] })),
        ("porter", "export_image", json!({ "sr_path": sr, "vdi_uuids": [uuid], "file": "/dev/null" })),
        ("porter", "copy", json!({ "sr_path": sr, "vdi_uuids": [uuid], "uuid_stack": [uuid] })),
        (
            "workarounds",
            "safe_copy_vdis",
            json!({ "sr_path": sr, "vdi_uuids": [uuid], "uuid_stack": [uuid] }),
        ),
        (
            "migration",
            "move_vhds_into_sr",
            json!({ "instance_uuid": uuid, "sr_path": sr, "uuid_stack": [uuid] }),
        ),
        (
            "migration",
            "transfer_vhd",
            json!({ "instance_uuid": uuid, "host": "localhost", "vdi_uuid": uuid, "sr_path": sr, "seq_num": 0 }),
        ),
        (
            "ipxe.py",
            "inject",
            json!({
                "sr_path": sr, "vdi_uuid": uuid, "boot_menu_url": "http://h/", "ip_address": "10.0.0.2",
                "netmask": "255.0.0.0", "gateway": "10.0.0.1", "dns": "10.0.0.1", "mkisofs_cmd": "mkisofs",
            }),
        ),
    ]
}

/// Calls with `hostile` in the place of each argument for which `of` holds.
fn put_in(call: &Value, hostile: &str, of: impl Fn(&str) -> bool) -> Vec<String> {
    let arguments: &Map<String, Value> = call.as_object().unwrap();
    let names = arguments.keys().filter(|name| of(name));
    let replaced = names.map(|name| {
        let mut arguments = arguments.clone();
        arguments[name] = if arguments[name].is_array() { json!([hostile]) } else { json!(hostile) };
        Value::Object(arguments).to_string()
    });
    replaced.collect()
}

#[test]
fn an_sr_outside_of_its_roots_is_no_sr() {
    let (mut host, sr, outside) = (Host::new(), Sr::new(), Sr::new());
    host.set("VHD_PORTER_SR_ROOTS", sr.text());
    let inside = format!("{}/..", sr.text());
    let (before, after) = (outside.content(), format!("{}/x/../..", sr.text()));
    for place in [outside.text(), "/", "", "/etc", sr.text(), &inside, &after, "relative", "/proc/self/root"]
    {
        for (plugin, function, call) in calls_on_an_sr(&sr) {
            for arguments in put_in(&call, place, |name| name == "sr_path") {
                let (class, message) = host.failure(plugin, xml(function, &[("json", &arguments)]));
                assert_eq!(class, "ArgumentError", "{function} {place}: {message}");
                assert!(message.starts_with("sr_path: expected the directory of an SR below "), "{message}");
            }
        }
    }
    assert_eq!(outside.content(), before);
    assert_eq!(sr.content().len(), 0);
}

#[test]
fn a_uuid_is_no_path_and_no_text() {
    let (host, sr) = (Host::new(), Sr::new());
    let uuids = |name: &str| name.contains("uuid");
    for uuid in [
        "../../etc/passwd",
        "..",
        "",
        "/etc/passwd",
        "-rf",
        "5ca3034b\0",
        "*",
        "5ca3034b-0000-4000-8000-00000000000g",
    ] {
        for (plugin, function, call) in calls_on_an_sr(&sr) {
            for arguments in put_in(&call, uuid, uuids) {
                let (class, message) = host.failure(plugin, xml(function, &[("json", &arguments)]));
                assert_eq!(class, "ArgumentError", "{function} {uuid:?}: {message}");
            }
        }
    }
    assert_eq!(sr.content().len(), 0);
}

#[test]
fn an_export_does_not_stay_in_the_sr() {
    let (host, sr) = (Host::new(), Sr::new());
    let uuid = sr.chain(1)[0];
    let before = sr.content();
    let link = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(sr.path(), link.path().join("sr")).unwrap();
    for file in [format!("{}/x.vhd", sr.text()), format!("{}/sr/x.vhd", link.path().display())] {
        let arguments = json!({ "sr_path": sr.text(), "vdi_uuids": [uuid], "file": file }).to_string();
        let (class, message) = host.failure("porter", xml("export_image", &[("json", &arguments)]));
        assert_eq!(class, "ArgumentError");
        assert!(message.starts_with("file: expected a place outside of the SR"), "{message}");
    }
    assert_eq!(sr.content(), before);
}

#[test]
fn what_comes_back_drives_no_terminal_and_fits_into_xml() {
    let (host, sr) = (Host::new(), Sr::new());
    let bytes = "\u{1b}[2J\u{7}\0\r\n\u{9b}31m\u{85}\u{ffff}\u{202e}]]></value>&amp;";
    for (plugin, function, call) in calls_on_an_sr(&sr) {
        for arguments in put_in(&call, bytes, |_| true) {
            let outcome = host.run(host.command(plugin).arg(xml(function, &[("json", &arguments)])));
            assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""));
            let Answer::Failure(items) = Answer::read(outcome.stdout.as_bytes()).unwrap() else {
                panic!("{function} took {arguments}");
            };
            for text in items.iter().chain(&outcome.log).map(|text| text.replace(['\n', '\t'], "")) {
                assert!(!text.contains(char::is_control), "{function}: {text:?}");
            }
        }
    }
}

#[test]
fn documents_that_grow_or_lead_elsewhere_are_refused() {
    let call = |document: &str| host::answer(&SINK, OsStr::new(document));
    let value = |text: &str| xml("take", &[("json", text)]);
    let doctype = |inside: &str| format!("<!DOCTYPE m [{inside}]>{}", value("{}"));
    let deep = |open: &str, close: &str| {
        value(&format!("{{\"value\": {}{}}}", open.repeat(20_000), close.repeat(20_000)))
    };
    let pickled = |pickle: &str| xml("take", &[("params", pickle)]);
    let member = "<member><name>a</name><value>b</value></member>";
    // Each reference doubles what it refers to.
    let doubling: String = (0..40).map(|n| format!("(g{n}\ng{n}\nlp{}\n", n + 1)).collect();
    for (what, document) in [
        ("a file", doctype("<!ENTITY x SYSTEM 'file:///etc/passwd'>")),
        ("a server", doctype("<!ENTITY x SYSTEM 'http://127.0.0.1:9/'>")),
        ("parameters", doctype("<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;")),
        ("an entity that is none", value("x").replace("x</value>", "&x;</value>")),
        ("deep lists", deep("[", "]")),
        ("deep dicts", deep("{\"a\":", "}")),
        ("many members", value("{}").replace("</struct>", &format!("{}</struct>", member.repeat(2000)))),
        ("a memo that doubles", pickled(&format!("(dS'kwargs'\n(dS'value'\n(lp0\n{doubling}sss."))),
        (
            "a number of a megabyte",
            pickled(&format!("(dS'kwargs'\n(dS'value'\nL{}L\nsss.", "9".repeat(1 << 20))),
        ),
        ("a memo far away", pickled("(dS'kwargs'\n(dS'value'\nI1\np9999999999999999999\nsss.")),
        ("a module", pickled("(dS'kwargs'\n(dS'value'\ncos\nsystem\nsss.")),
    ] {
        let Answer::Failure(items) = call(&document) else { panic!("{what} was taken") };
        assert_eq!(items[2], "ArgumentError", "{what}: {items:?}");
        assert!(items[3].len() < 9 << 10, "{what}");
    }
    // A megabyte of text is not much, where xapi passes it.
    let megabyte = "x".repeat(1 << 20);
    let answer = call(&value(&json!({ "value": megabyte }).to_string()));
    assert_eq!(answer, Answer::Success(format!("\"{megabyte}\"")));
}
