//! The real programs, in a network of their own: Open vSwitch's database without a switch, and an empty network namespace.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{Call, Stage};

/// A process that is killed when the test is done with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn succeeds(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A process in a network namespace of its own, and the words that run another program there.
fn namespace() -> Option<(Running, String)> {
    for program in ["unshare", "nsenter", "ip", "brctl", "iptables-save"] {
        if !succeeds(program, &["--version"]) && !succeeds(program, &["-V"]) {
            println!("skipped: no {program} (Debian: util-linux, iproute2, bridge-utils, iptables)");
            return None;
        }
    }
    let holder = Command::new("unshare").args(["-n", "sleep", "600"]).stderr(Stdio::null()).spawn().unwrap();
    let enter = format!("nsenter --net=/proc/{}/ns/net", holder.id());
    let holder = Running(holder);
    // Until `unshare` has left ours, the namespace would be that of the machine.
    let own = std::fs::read_link("/proc/self/ns/net").unwrap();
    let theirs = format!("/proc/{}/ns/net", holder.0.id());
    for _ in 0..500 {
        if std::fs::read_link(&theirs).is_ok_and(|theirs| theirs != own) {
            let words: Vec<&str> = enter.split(' ').collect();
            let usable = [["ip", "link", "add", "probe0", "type", "bridge"].as_slice(), &["iptables-save"]];
            if usable.iter().all(|command| succeeds(words[0], &[&words[1..], *command].concat())) {
                return Some((holder, enter));
            }
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("skipped: no network namespace with bridges and packet filters can be made here");
    None
}

fn change(stage: &Stage, cmd: &str, args: &Value) -> Result<String, (String, String)> {
    let call = Call::Pickled(json!([{ "cmd": cmd, "args": args }]));
    let result = stage.call("xenhost.py", "network_config", &call)?;
    Ok(result.as_str().unwrap().to_owned())
}

#[test]
fn the_kernel_takes_every_change() {
    let Some((_holder, enter)) = namespace() else { return };
    let mut stage = Stage::new(|_, _, _| ());
    for (name, program) in [
        ("VHD_PORTER_PROGRAMS_IP", "ip"),
        ("VHD_PORTER_PROGRAMS_BRCTL", "brctl"),
        ("VHD_PORTER_PROGRAMS_IPTABLES_SAVE", "iptables-save"),
        ("VHD_PORTER_PROGRAMS_IPTABLES_RESTORE", "iptables-restore"),
        ("VHD_PORTER_PROGRAMS_SYSCTL", "sysctl"),
    ] {
        stage.host.set(name, format!("{enter} {program}"));
    }
    // The stand-ins are first on the path, and here none is wanted.
    stage.host.set("PATH", "/sbin:/usr/sbin:/bin:/usr/bin");
    let device = json!({ "device_name": "tap1", "bridge_name": "qbr1", "interface_name": "tap1", "fd": "0" });
    let with = |option: &str| {
        let mut device = device.clone();
        device["option"] = json!(option);
        device
    };
    let show = |what: &str| {
        let shown = change(&stage, "ip_link_get_dev", &device).unwrap();
        assert!(shown.contains(what), "{shown}");
    };
    change(&stage, "ip_link_add_veth_pair", &json!({ "dev1_name": "tap1", "dev2_name": "tap2" })).unwrap();
    show("tap1@tap2");
    change(&stage, "ip_link_set_dev", &with("up")).unwrap();
    change(&stage, "ip_link_set_promisc", &with("on")).unwrap();
    show("PROMISC");
    change(&stage, "brctl_add_br", &device).unwrap();
    change(&stage, "brctl_set_fd", &device).unwrap();
    change(&stage, "brctl_set_stp", &with("off")).unwrap();
    change(&stage, "brctl_add_if", &device).unwrap();
    show("master qbr1");
    change(&stage, "brctl_del_if", &device).unwrap();
    change(&stage, "brctl_del_br", &device).unwrap();
    change(&stage, "ip_link_del_dev", &device).unwrap();
    let (class, message) = change(&stage, "ip_link_get_dev", &device).unwrap_err();
    assert_eq!((class.as_str(), message.as_str()), ("PluginError", "Device \"tap1\" does not exist.\n"));

    let rules = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";
    let plain = |entries: &[(&'static str, String)]| Call::Plain(entries.to_vec());
    let restore =
        [("cmd_args", json!(["iptables-restore", "-c"]).to_string()), ("process_input", rules.into())];
    stage.call("xenhost.py", "iptables_config", &plain(&restore)).unwrap();
    let save = [("cmd", json!(["iptables-save", "-t", "filter"]).to_string())];
    let saved = stage.call("netwrap.py", "run_command", &plain(&save)).unwrap();
    assert!(saved["out"].as_str().unwrap().contains("-A INPUT -i lo -j ACCEPT"), "{saved}");
    let forward = [("cmd", json!(["sysctl", "-w", "net.ipv4.ip_forward=1"]).to_string())];
    let set = stage.call("netwrap.py", "run_command", &plain(&forward)).unwrap();
    assert_eq!(set, json!({ "returncode": 0, "out": "net.ipv4.ip_forward = 1\n", "err": "" }));
}

#[test]
fn open_vswitch_takes_every_change() {
    let schema = "/usr/share/openvswitch/vswitch.ovsschema";
    if !succeeds("ovs-vsctl", &["--version"]) || !succeeds("ovsdb-tool", &["--version"]) {
        println!("skipped: no ovs-vsctl (Debian: openvswitch-switch)");
        return;
    }
    let mut stage = Stage::new(|_, _, _| ());
    let [database, socket] =
        ["ovs.db", "ovs.sock"].map(|name| stage.host.path(name).to_str().unwrap().to_owned());
    assert!(succeeds("ovsdb-tool", &["create", &database, schema]));
    let server = ["--unixctl=none", &format!("--remote=punix:{socket}"), &database];
    let server = Command::new("ovsdb-server").args(server).stderr(Stdio::null()).spawn().unwrap();
    let _server = Running(server);
    let options = [
        format!("--db=unix:{socket}"),
        "--no-wait".to_owned(),
        "--retry".to_owned(),
        "--timeout=30".to_owned(),
    ];
    let vsctl = |args: &[&str]| {
        let output = Command::new("/usr/bin/ovs-vsctl").args(&options).args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    vsctl(&["init"]);
    vsctl(&["add-br", "br9"]);
    stage.host.set("VHD_PORTER_PROGRAMS_OVS_VSCTL", format!("/usr/bin/ovs-vsctl {}", options.join(" ")));
    let ports = json!({ "bridge_name": "br9", "port_name": "p0", "peer_port_name": "p1" });
    change(&stage, "ovs_add_patch_port", &ports).unwrap();
    assert_eq!(vsctl(&["get", "Interface", "p0", "type", "options:peer"]), "patch\np1\n");
    change(&stage, "ovs_add_port", &ports).unwrap();
    assert_eq!(vsctl(&["get", "Interface", "p0", "type"]), "\"\"\n");
    let id = json!({ "interface": "p0", "extneral_id": "nova-vm", "value": "a-b" });
    change(&stage, "ovs_set_if_external_id", &id).unwrap();
    assert_eq!(vsctl(&["get", "Interface", "p0", "external_ids:nova-vm"]), "a-b\n");
    let vif = json!({ "bridge": "br9", "port": "vif1.0", "iface-id": "i-1", "mac": "00:16:3e:00:00:01", "status": "active" });
    change(&stage, "ovs_create_port", &vif).unwrap();
    assert_eq!(
        vsctl(&["get", "Interface", "vif1.0", "external_ids:attached-mac"]),
        "\"00:16:3e:00:00:01\"\n"
    );
    change(&stage, "ovs_del_port", &ports).unwrap();
    assert_eq!(vsctl(&["list-ports", "br9"]), "vif1.0\n");
    let command = Call::Plain(vec![("cmd", json!(["ovs-vsctl", "--", "list-br"]).to_string())]);
    let listed = stage.call("netwrap.py", "run_command", &command).unwrap();
    assert_eq!(listed, json!({ "returncode": 0, "out": "br9\n", "err": "" }));
    change(&stage, "ovs_del_br", &ports).unwrap();
    assert_eq!(vsctl(&["list-br"]), "");
    let (class, message) = change(&stage, "ovs_add_port", &ports).unwrap_err();
    assert_eq!(class, "PluginError");
    assert!(message.contains("no bridge named br9"), "{message}");
}
