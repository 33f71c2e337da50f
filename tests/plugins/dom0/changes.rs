//! `xenhost`: the changes to the network that it makes, word for word.

use serde_json::{Value, json};

use super::case::{Case, failure, pickled, plain, run, value};
use super::stage::{Call, Stage};

const IFACE: &str = "0d0c3c62-64c1-4e4b-8b5c-5c8f0e0a7c11";

fn stage() -> Stage {
    let stage = Stage::new(|_, _, _| ());
    stage.answers("iptables-save", "*filter\nCOMMIT\n", "", 0);
    stage
}

fn network() -> Vec<Case> {
    let change = |cmd: &str, args: Value, line: &str| {
        pickled("network_config", json!([{ "cmd": cmd, "args": args }]), value("")).runs(&[line])
    };
    let refused = |call: Value, answer| pickled("network_config", json!([call]), answer).runs(&[]);
    let (bridge, device) = (json!({ "bridge_name": "br9" }), json!({ "device_name": "vif1.0" }));
    let ports = json!({ "bridge_name": "br9", "port_name": "p0", "peer_port_name": "p1" });
    let members = json!({ "bridge_name": "br9", "interface_name": "vif1.0" });
    let with = |base: &Value, name: &str, value: &str| {
        let mut arguments = base.clone();
        arguments[name] = json!(value);
        arguments
    };
    let port = json!({ "bridge": "xapi1", "port": "vif1.0", "iface-id": IFACE, "mac": "00:16:3e:00:00:01", "status": "active" });
    vec![
        change(
            "ovs_add_patch_port",
            ports.clone(),
            "ovs-vsctl -- --if-exists del-port p0 -- add-port br9 p0 -- set interface p0 type=patch options:peer=p1",
        ),
        change("ovs_add_port", ports.clone(), "ovs-vsctl -- --if-exists del-port p0 -- add-port br9 p0"),
        change(
            "ovs_create_port",
            port,
            &format!(
                "ovs-vsctl -- --if-exists del-port vif1.0 -- add-port xapi1 vif1.0 -- set Interface vif1.0 \
                 external_ids:iface-id={IFACE} external_ids:iface-status=active \
                 external_ids:attached-mac=00:16:3e:00:00:01 external_ids:xs-vif-uuid={IFACE}"
            ),
        ),
        change("ovs_del_port", ports, "ovs-vsctl -- --if-exists del-port br9 p0"),
        change("ovs_del_br", bridge.clone(), "ovs-vsctl -- --if-exists del-br br9"),
        change(
            "ovs_set_if_external_id",
            json!({ "interface": "vif1.0", "extneral_id": "a", "value": "b" }),
            "ovs-vsctl set Interface vif1.0 external-ids:a=b",
        ),
        change(
            "ip_link_add_veth_pair",
            json!({ "dev1_name": "tap1", "dev2_name": "tap2" }),
            "ip link add tap1 type veth peer name tap2",
        ),
        change("ip_link_del_dev", device.clone(), "ip link delete vif1.0"),
        change("ip_link_get_dev", device.clone(), "ip link show vif1.0"),
        change("ip_link_set_dev", with(&device, "option", "up"), "ip link set vif1.0 up"),
        change("ip_link_set_promisc", with(&device, "option", "on"), "ip link set vif1.0 promisc on"),
        change("brctl_add_br", bridge.clone(), "brctl addbr br9"),
        change("brctl_add_if", members.clone(), "brctl addif br9 vif1.0"),
        change("brctl_del_br", bridge.clone(), "brctl delbr br9"),
        change("brctl_del_if", members, "brctl delif br9 vif1.0"),
        change("brctl_set_fd", with(&bridge, "fd", "0"), "brctl setfd br9 0"),
        change("brctl_set_stp", with(&bridge, "option", "off"), "brctl stp br9 off"),
        refused(json!({ "args": {} }), failure("ArgumentError", "Argument cmd is required.")),
        refused(json!({ "cmd": "ovs_del_br" }), failure("ArgumentError", "Argument args is required.")),
        refused(
            json!({ "cmd": "ovs_del_br", "args": {} }),
            failure("ArgumentError", "Argument bridge_name is required."),
        ),
        refused(json!({ "cmd": "rm" }), failure("PluginError", "Dom0 execution of 'rm' is not permitted")),
        refused(json!({ "cmd": 1 }), failure("PluginError", "invalid command")),
    ]
}

#[test]
fn the_network_is_changed_as_the_original_changes_it() {
    run("xenhost.py", stage, &network());
}

#[test]
fn the_packet_filter_is_saved_and_restored() {
    let saved = value(json!({ "out": "*filter\nCOMMIT\n", "err": "" }));
    let restored = value(json!({ "out": "", "err": "" }));
    let config =
        |cmd: &str, answer| plain("iptables_config", [("cmd_args", cmd), ("process_input", "rules")], answer);
    run(
        "xenhost.py",
        stage,
        &[
            config(r#"["iptables-save", "-c"]"#, saved).runs(&["iptables-save -c"]),
            config(r#"["iptables-restore", "-c"]"#, restored).runs(&["iptables-restore -c"]),
            config(r#"["iptables", "-F"]"#, failure("PluginError", "Invalid iptables command")).runs(&[]),
            config("[]", failure("PluginError", "Invalid iptables command")).runs(&[]),
            config(r#"["iptables-restore", "-M", "/bin/id"]"#, failure("PluginError", "is not permitted"))
                .runs(&[])
                .not_asked("it would run any program as root"),
            plain("iptables_config", [], failure("ArgumentError", "argument cmd_args is missing"))
                .originally(
                    failure("ArgumentError", "Argument cmd_args is required."),
                    "the same in other words",
                ),
        ],
    );
    let stage = stage();
    let call = Call::Plain(vec![
        ("cmd_args", r#"["iptables-restore"]"#.into()),
        ("process_input", "*filter\nCOMMIT\n".into()),
    ]);
    stage.call("xenhost.py", "iptables_config", &call).unwrap();
    assert_eq!(stage.input("iptables-restore"), "*filter\nCOMMIT\n");
}
