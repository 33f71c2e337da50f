//! `xenhost`: what it asks of `xe` and others, word for word, and what it makes of their answers.

use std::fs;

use serde_json::{Value, json};

use super::case::{Case, failure, pickled, plain, run, value};
use super::stage::{Call, Stage};

const HOST: &str = "7f5b7a1e-0f6e-4f0a-9d6f-2b9c3f0f4d11";
const SR: &str = "0d0c3c62-64c1-4e4b-8b5c-5c8f0e0a7c11";

fn stage() -> Stage {
    let stage = Stage::new(|_, _, _| ());
    let listing = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stand-ins/host-param-list.txt");
    stage.answers("xe-host-param-list", &fs::read_to_string(listing).unwrap(), "", 0);
    stage.answers("xe-host-param-get", "true", "", 0);
    stage.answers("uptime", " 09:59:04 up 1 day\n", "", 0);
    stage.answers("lspci", "Slot:\t00:00.0\nClass:\t0600\n\n", "", 0);
    stage.answers("cleanup.py", "Currently running: True\n", "", 0);
    stage.answers("iptables-save", "*filter\nCOMMIT\n", "", 0);
    for (device, link) in [("0000:03:10.1", "physfn"), ("0000:03:00.0", "virtfn0"), ("0000:00:1f.2", "class")]
    {
        fs::create_dir(stage.host.path("pci").join(device)).unwrap();
        fs::write(stage.host.path("pci").join(device).join(link), "").unwrap();
    }
    fs::write(stage.host.path("xenhost.conf"), "{}").unwrap();
    stage
}

fn data() -> Value {
    json!({
        "enabled": "true",
        "host_uuid": HOST,
        "host_name-label": "xen1",
        "host_name-description": "Default install of XenServer",
        "host_hostname": "xen1.example.com",
        "host_ip_address": "192.0.2.17",
        "host_memory": {
            "total": 12_864_737_280_u64, "overhead": 177_840_128, "free": 10_737_418_240_u64, "free-computed": null,
        },
        "host_other-config": {
            "agent_start_time": "1448983125.",
            "boot_time": "1448982967.",
            "iscsi_iqn": "iqn.2015-12.com.example:1234",
        },
        "host_capabilities": ["xen-3.0-x86_64", "xen-3.0-x86_32p", "hvm-3.0-x86_32", "hvm-3.0-x86_64"],
        "host_cpu_info": {
            "cpu_count": 8, "socket_count": "1", "vendor": "GenuineIntel", "speed": "2400.084",
            "modelname": "Intel(R) Xeon(R) CPU E5530  @ 2.40GHz", "family": 6, "model": 26, "stepping": 5,
            "flags": "fpu de tsc msr",
        },
    })
}

fn state() -> Vec<Case> {
    let on_host = |function, answer| plain(function, [("host_uuid", HOST)], answer);
    let enabled =
        |text: &str, answer| plain("set_host_enabled", [("host_uuid", HOST), ("enabled", text)], answer);
    let uuid = format!("uuid={HOST}");
    let get = format!("xe host-param-get {uuid} param-name=enabled");
    let down = [format!("xe host-disable {uuid}"), format!("xe vm-shutdown --multiple resident-on={HOST}")];
    let power = |function, action: &str, command: &str| {
        let last = format!("xe {command} {uuid}");
        on_host(function, value(json!({ "power_action": action }))).runs(&[&down[0], &down[1], &last])
    };
    vec![
        on_host("host_data", value(data())).runs(&[&format!("xe host-param-list {uuid}")]),
        enabled("true", value(json!({ "status": "enabled" })))
            .runs(&[&format!("xe host-enable {uuid}"), &get]),
        enabled("false", value(json!({ "status": "enabled" })))
            .runs(&[&format!("xe host-disable {uuid}"), &get]),
        enabled("maybe", failure("PluginError", "Illegal enabled status: maybe")).runs(&[]),
        on_host("set_host_enabled", failure("PluginError", "Missing 'enabled' argument to set_host_enabled")),
        power("host_shutdown", "shutdown", "host-shutdown"),
        power("host_reboot", "reboot", "host-reboot"),
        power("host_start", "startup", "host-power-on"),
        on_host("host_uptime", value(json!({ "uptime": " 09:59:04 up 1 day\n" }))).runs(&["uptime"]),
        pickled("query_gc", json!([SR, "vdi"]), value(true)).runs(&[&format!("cleanup.py -q -u {SR}")]),
        pickled("get_pci_device_details", json!([]), value("Slot:\t00:00.0\nClass:\t0600\n\n"))
            .runs(&["lspci -vmmnk"]),
        pickled("get_pci_type", json!(["0000:03:10.1"]), value("type-VF")),
        pickled("get_pci_type", json!(["03:00.0"]), value("type-PF")),
        pickled("get_pci_type", json!(["0000:00:1f.2"]), value("type-PCI")),
        pickled("get_pci_type", json!(["0000:00:00.0"]), failure("PluginError", "No such file or directory")),
    ]
}

#[test]
fn the_host_is_asked_as_the_original_asks_it() {
    run("xenhost.py", stage, &state());
}

#[test]
fn programs_that_fail_say_why() {
    let failing = || {
        let stage = stage();
        for name in
            ["xe-host-param-list", "xe-host-disable", "uptime", "lspci", "cleanup.py", "iptables-save", "ip"]
        {
            stage.answers(name, "half", "what went wrong\n", 1);
        }
        stage.answers("xe-host-enable", "a remark", "", 0);
        stage
    };
    let wrong = || failure("PluginError", "what went wrong\n");
    let on_host = |function, answer| plain(function, [("host_uuid", HOST), ("enabled", "true")], answer);
    let link = json!([{ "cmd": "ip_link_get_dev", "args": { "device_name": "vif1.0" } }]);
    run(
        "xenhost.py",
        failing,
        &[
            on_host("host_data", wrong()),
            on_host("host_uptime", wrong()),
            on_host("host_reboot", wrong()).runs(&[&format!("xe host-disable uuid={HOST}")]),
            on_host("set_host_enabled", failure("PluginError", "a remark")),
            plain("iptables_config", [("cmd_args", r#"["iptables-save"]"#)], wrong()),
            pickled("query_gc", json!([SR, "vdi"]), wrong()),
            pickled("get_pci_device_details", json!([]), wrong()),
            pickled("network_config", link, wrong()),
        ],
    );
}

#[test]
fn a_program_that_is_missing_is_a_command_not_found() {
    let mut stage = stage();
    stage.host.set("VHD_PORTER_PROGRAMS_UPTIME", "/nonexistent/uptime");
    let (class, message) = stage.call("xenhost.py", "host_uptime", &Call::Plain(vec![])).unwrap_err();
    assert_eq!(
        (class.as_str(), message.as_str()),
        ("CommandNotFound", "no program \"/nonexistent/uptime\" was found")
    );
}

/// `xe` ends its answers with a line feed.
#[test]
fn the_state_is_told_as_xapi_tells_it() {
    let stage = stage();
    let call = Call::Plain(vec![("host_uuid", HOST.into()), ("enabled", "true".into())]);
    for (said, status) in [("true\n", "enabled"), ("false\n", "disabled")] {
        stage.answers("xe-host-param-get", said, "", 0);
        assert_eq!(stage.call("xenhost.py", "set_host_enabled", &call), Ok(json!({ "status": status })));
    }
}

fn config() -> Vec<Case> {
    let get = |params: &str, answer| plain("get_config", [("params", params)], answer);
    let set = |params: &str, answer| plain("set_config", [("params", params)], answer);
    let refused = |part: &str| failure("ArgumentError", part);
    let everywhere = "what does not fit is an ArgumentError everywhere";
    vec![
        get(r#"{"key": "a"}"#, value("None")),
        set(r#"{"key": "a", "value": "1"}"#, value(Value::Null)),
        set(r#"{"key": "enabled", "value": {"x": [1, null]}}"#, value(Value::Null)),
        get(r#"{"key": "a"}"#, value("1")),
        get(r#"{"key": "enabled"}"#, value(json!({ "x": [1, null] }))),
        plain(
            "host_data",
            [("host_uuid", HOST)],
            value({
                let mut data = data();
                data["a"] = json!("1");
                data["enabled"] = json!({ "x": [1, null] });
                data
            }),
        ),
        set(r#"{"key": "a", "value": null}"#, value(Value::Null)),
        set(r#"{"key": "b", "value": null}"#, value(Value::Null)),
        get(r#"{"key": "a"}"#, value("None")),
        get(r#"{"kee": "a"}"#, refused("expected an object with a text as key"))
            .originally(failure("KeyError", "'key'"), everywhere),
        set(r#"{"key": "a"}"#, refused("found no value"))
            .originally(failure("KeyError", "'value'"), everywhere),
        get("{", refused("argument params: not JSON")).originally(failure("TypeError", ""), everywhere),
        plain("get_config", [], refused("argument params is missing"))
            .originally(failure("KeyError", "'params'"), everywhere),
    ]
}

#[test]
fn values_are_kept_as_the_original_keeps_them() {
    run("xenhost.py", stage, &config());
}

#[test]
fn values_are_kept_in_a_file_that_is_whole_or_refused() {
    let stage = stage();
    let file = stage.host.path("xenhost.conf");
    let set = Call::Plain(vec![("params", r#"{"key": "a", "value": 1}"#.into())]);
    let get = Call::Plain(vec![("params", r#"{"key": "a"}"#.into())]);
    fs::remove_file(&file).unwrap();
    assert_eq!(stage.call("xenhost.py", "get_config", &get), Ok(json!("None")));
    assert!(!file.exists(), "asking writes nothing");
    assert_eq!(stage.call("xenhost.py", "set_config", &set), Ok(Value::Null));
    assert_eq!(fs::read_to_string(&file).unwrap(), r#"{"a":1}"#);
    for (content, part) in
        [("[1]", "expected a JSON object, found list"), ("{", "not JSON"), ("", "not JSON")]
    {
        fs::write(&file, content).unwrap();
        for (function, call) in [("get_config", &get), ("set_config", &set)] {
            let (class, message) = stage.call("xenhost.py", function, call).unwrap_err();
            assert_eq!(class, "PluginError");
            assert!(message.contains("xenhost.conf") && message.contains(part), "{message}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &file).unwrap();
    assert_eq!(stage.call("xenhost.py", "get_config", &get).unwrap_err().0, "OSError");
}
