//! Arguments that want out: no program is started for any of them.

use serde_json::{Value, json};

use super::stage::{Call, Stage};

const HOST: &str = "7f5b7a1e-0f6e-4f0a-9d6f-2b9c3f0f4d11";

fn plain<const N: usize>(entries: [(&'static str, &str); N]) -> Call {
    Call::Plain(entries.into_iter().map(|(name, value)| (name, value.to_owned())).collect())
}

/// What a name may not be.
fn names() -> Vec<String> {
    let names = [
        "",
        "-",
        "--",
        "-x",
        "--db=tcp:192.0.2.1:6640",
        "a b",
        "a\tb",
        "a\nb",
        "../a",
        "a/b",
        "a,b",
        "a=b",
        "a;b",
    ];
    names
        .into_iter()
        .map(str::to_owned)
        .chain(["é".into(), "$(id)".into(), "a".repeat(65), "a".repeat(100_000)])
        .collect()
}

#[test]
fn names_of_devices_are_plain_words() {
    let stage = Stage::new(|_, _, _| ());
    for name in names() {
        for (cmd, args) in [
            ("ovs_del_br", json!({ "bridge_name": name })),
            (
                "ovs_add_patch_port",
                json!({ "bridge_name": "br9", "port_name": "p0", "peer_port_name": name }),
            ),
            ("ovs_set_if_external_id", json!({ "interface": "vif1.0", "extneral_id": name, "value": "b" })),
            ("ip_link_set_dev", json!({ "device_name": "vif1.0", "option": name })),
            ("brctl_set_fd", json!({ "bridge_name": name, "fd": 0 })),
        ] {
            let call = Call::Pickled(json!([{ "cmd": cmd, "args": args }]));
            let (class, message) = stage.call("xenhost.py", "network_config", &call).unwrap_err();
            assert_eq!(class, "ArgumentError", "{cmd} {message}");
        }
    }
    for wrong in [json!(null), json!(["br9"]), json!({})] {
        let call = Call::Pickled(json!([{ "cmd": "ovs_del_br", "args": { "bridge_name": wrong } }]));
        assert_eq!(stage.call("xenhost.py", "network_config", &call).unwrap_err().0, "ArgumentError");
    }
    assert_eq!(stage.calls(), [""; 0]);
}

#[test]
fn paths_and_domains_stay_in_xenstore() {
    let mut stage = Stage::new(|_, _, _| ());
    for program in ["READ", "WRITE", "LS", "RM", "EXISTS"] {
        let name: &'static str = format!("VHD_PORTER_PROGRAMS_XENSTORE_{program}").leak();
        stage.host.set(name, stage.host.path("bin").join("xe"));
    }
    let long = "a".repeat(100_000);
    let paths =
        ["..", "../4/name", "a/../../4", "/name", "a//b", "-s", "a b", "a\nb", "a.b", "é", "*", &long];
    let paths = paths.into_iter().filter(|path| *path != "-s");
    for path in paths {
        for function in ["read_record", "write_record", "list_records", "delete_record"] {
            let call = plain([("dom_id", "3"), ("path", path), ("value", "v")]);
            let (class, message) = stage.call("xenstore.py", function, &call).unwrap_err();
            assert_eq!(class, "ArgumentError", "{path:?} {message}");
        }
    }
    for domain in ["", "-1", "x", "3/../4", "32752", "99999999999999999999", "3 ; id"] {
        let call = plain([("dom_id", domain), ("path", "name"), ("id", "1")]);
        for (plugin, function) in [("xenstore.py", "read_record"), ("agent.py", "version")] {
            let (class, message) = stage.call(plugin, function, &call).unwrap_err();
            assert_eq!(class, "ArgumentError", "{domain:?} {message}");
        }
    }
    for id in ["", "..", "a/b", "../../name", "a b", &long] {
        let call = plain([("dom_id", "3"), ("id", id), ("timeout", "1")]);
        assert_eq!(stage.call("agent.py", "version", &call).unwrap_err().0, "ArgumentError", "{id:?}");
    }
    assert_eq!(stage.calls(), [""; 0]);
}

#[test]
fn hosts_repositories_and_devices_are_named_by_what_they_are() {
    let stage = Stage::new(|_, _, _| ());
    let almost = format!("{HOST}x");
    for uuid in ["", "*", "--multiple", &almost, "../x", "a\nb"] {
        for function in ["host_data", "set_host_enabled", "host_reboot", "host_shutdown", "host_start"] {
            let call = plain([("host_uuid", uuid), ("enabled", "true")]);
            let (class, message) = stage.call("xenhost.py", function, &call).unwrap_err();
            assert_eq!(class, "ArgumentError", "{uuid:?} {message}");
        }
        let call = Call::Pickled(json!([uuid, "vdi"]));
        assert_eq!(stage.call("xenhost.py", "query_gc", &call).unwrap_err().0, "ArgumentError");
    }
    for device in ["", "..", "../../../../etc", "0000:00:00.0/../..", "00:00.0\n", "zz:zz.z"] {
        let call = Call::Pickled(json!([device]));
        assert_eq!(
            stage.call("xenhost.py", "get_pci_type", &call).unwrap_err().0,
            "ArgumentError",
            "{device}"
        );
    }
    assert_eq!(stage.calls(), [""; 0]);
}

#[test]
fn calls_in_json_are_answered_with_the_same_json() {
    let stage = Stage::new(|_, _, _| ());
    stage.answers("uptime", "up\n", "", 0);
    std::fs::write(stage.host.path("xenhost.conf"), r#"{"a": "None"}"#).unwrap();
    for (function, arguments, answer) in [
        ("host_uptime", json!({}), json!({ "uptime": "up\n" })),
        ("get_config", json!({ "params": { "key": "a" } }), json!("None")),
        (
            "network_config",
            json!({ "args": { "cmd": "ovs_del_br", "args": { "bridge_name": "br9" } } }),
            json!(""),
        ),
    ] {
        let found: Value = crate::calls::in_json(&stage.host, "xenhost.py", function, &arguments);
        assert_eq!(found, answer, "{function}");
    }
}
