//! Which command lines a control plane may have run as they are: os-xenapi netwrap.py `ALLOWED_CMDS`.
//!
//! The programs may do to the network whatever they can. What they may not is to start other programs, or to read and write
//! files of the control domain.

use super::error::Error;
use super::filter;
use crate::config::{Key, key};

/// The programs that `netwrap` runs, by the names that callers know.
const NETWORK: &[(&str, &Key)] = &[
    ("ip", key::IP),
    ("ipset", key::IPSET),
    ("iptables-save", key::IPTABLES_SAVE),
    ("iptables-restore", key::IPTABLES_RESTORE),
    ("ip6tables-save", key::IP6TABLES_SAVE),
    ("ip6tables-restore", key::IP6TABLES_RESTORE),
    ("sysctl", key::SYSCTL),
    ("ovs-ofctl", key::OVS_OFCTL),
    ("ovs-vsctl", key::OVS_VSCTL),
    ("ovsdb-client", key::OVSDB_CLIENT),
    ("conntrack", key::CONNTRACK),
];

/// The program that `command` starts, if the command may be run with `input` to read.
///
/// # Errors
/// It may not.
pub fn network_command(command: &[&str], input: &str) -> Result<&'static Key, Error> {
    let (name, args) = command.split_first().map_or(("", command), |(name, args)| (*name, args));
    let Some((_, program)) = NETWORK.iter().find(|(known, _)| *known == name) else {
        return Err(Error::Refused(format!("Dom0 execution of '{name}' is not permitted")));
    };
    let refused = args.iter().enumerate().find(|(at, arg)| reaches_out(name, arg, &args[..*at]));
    let refused = refused.map(|(_, arg)| *arg).or_else(|| flow_file(name, args));
    let refused = refused.or_else(|| filter::program_in_rules(name, input));
    match refused {
        Some(arg) => {
            Err(Error::Refused(format!("Dom0 execution of '{name}' with '{arg}' is not permitted: {WHY}")))
        }
        None => Ok(program),
    }
}

const WHY: &str = "it may name no file or program of the control domain";

/// Whether `arg`, behind the arguments `before`, leads the program out of the network.
fn reaches_out(name: &str, arg: &str, before: &[&str]) -> bool {
    let outside = match name {
        // `ip netns exec` and `ip vrf exec`, all of which may be cut short, and `ip -batch FILE`.
        "ip" => {
            let is_start_of = |word: &str, of: &str| !word.is_empty() && of.starts_with(word);
            let object = before.iter().any(|word| is_start_of(word, "netns") || is_start_of(word, "vrf"));
            is_option(arg, &["batch"]) || object && is_start_of(arg, "exec")
        }
        "iptables-save" | "iptables-restore" | "ip6tables-save" | "ip6tables-restore" => {
            !filter::is_harmless(arg, before)
        }
        "ipset" => is_option(arg, &["file"]),
        "sysctl" => !is_network_parameter(arg),
        "conntrack" => arg.starts_with("-R") || arg.starts_with("--") && is_option(arg, &["load-file"]),
        // What every program of Open vSwitch has: logs, pid files, control sockets, keys.
        _ => {
            let names = ["log-file", "pidfile", "detach", "unixctl", "private-key", "certificate", "ca-cert"];
            let short = ["-p", "-c", "-C"].iter().any(|option| arg.starts_with(option));
            short || arg.starts_with("--") && arg != "--" && is_option(arg, &names)
        }
    };
    outside || arg.starts_with('/')
}

/// Whether `arg` is one of these options, or the start of one: long options may be cut short.
pub(super) fn is_option(arg: &str, names: &[&str]) -> bool {
    let option = arg.trim_start_matches('-');
    let name = option.split('=').next().unwrap_or_default();
    option.len() < arg.len() && !name.is_empty() && names.iter().any(|known| known.starts_with(name))
}

/// The argument of `ovs-ofctl` that names a file of flows; `-` is what the caller sends along, and comes last.
fn flow_file<'a>(name: &str, args: &[&'a str]) -> Option<&'a str> {
    let reads_files = ["add-flows", "replace-flows", "diff-flows", "add-groups", "bundle"];
    let is_reader =
        |arg: &&str| reads_files.contains(arg) || arg.starts_with("ofp-") || arg.starts_with("parse-");
    let reader = args.iter().find(|arg| is_reader(arg))?;
    (name == "ovs-ofctl" && args.last() != Some(&"-")).then_some(reader)
}

/// A parameter below `net`, set or not, or an option that is about output.
fn is_network_parameter(arg: &str) -> bool {
    let options = ["-w", "--write", "-n", "--values", "-q", "--quiet", "-e", "--ignore", "-b", "--binary"];
    let is_net = arg.starts_with("net.") || arg.starts_with("net/");
    options.contains(&arg) || is_net && !arg.split('=').next().unwrap_or_default().contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neutron_and_nova_run_is_permitted() {
        for command in [
            "ip -o link show tap0",
            "ip -4 neigh replace 10.0.0.1 lladdr 00:16:3e:00:00:01 dev e",
            "ip netns add qrouter-1",
            "ip -br addr",
            "iptables-save -t raw",
            "iptables-restore -n",
            "iptables-restore -n -w 10 -W 2000",
            "ip6tables-save -c",
            "ip6tables-restore -c",
            "ipset restore -exist",
            "sysctl -w net.ipv4.ip_forward=1",
            "sysctl -b net/ipv4/conf/vif1.0/forwarding",
            "ovs-ofctl add-flows -O OpenFlow10 br-int -",
            "ovs-vsctl --timeout=10 --oneline --format=json -- --id=@m create Mirror name=a",
            "ovs-vsctl --columns=name list-ports xapi1",
            "ovsdb-client monitor tcp:127.0.0.1:6640 Interface name,ofport",
            "conntrack -D -f ipv4 -d 10.0.0.1 -w 1",
        ] {
            let words: Vec<&str> = command.split(' ').collect();
            assert!(network_command(&words, "").is_ok(), "{command}");
        }
    }

    #[test]
    fn what_leads_out_of_the_network_is_not() {
        for command in [
            "",
            "sh -c id",
            "/sbin/ip link",
            "ip netns exec qrouter-1 sh",
            "ip net e qrouter-1 sh",
            "ip -n a vrf exec red id",
            "ip -batch commands",
            "ip --b commands",
            "ip -b -",
            "iptables-restore -M modprobe",
            "iptables-restore --modprobe=id",
            "iptables-restore rules",
            "iptables-restore -t ../rules",
            "ip6tables-save --file=x",
            "ip6tables-save -f x",
            "ipset -file x restore",
            "ipset restore -f x",
            "sysctl -p",
            "sysctl --system",
            "sysctl -w kernel.core_pattern=|/bin/sh",
            "sysctl net/../kernel/core_pattern=x",
            "ovs-vsctl --log-file=x show",
            "ovs-vsctl --log show",
            "ovs-ofctl add-flows br /etc/shadow",
            "ovs-ofctl add-flows br etc/shadow",
            "ovs-ofctl ofp-parse etc/shadow",
            "ovs-vsctl -p key show",
            "conntrack -R file",
            "conntrack --load-file file",
            "ovsdb-client --detach monitor",
            "ovsdb-client --pidf monitor",
        ] {
            let words: Vec<&str> = command.split(' ').collect();
            assert!(matches!(network_command(&words, ""), Err(Error::Refused(_))), "{command}");
        }
        assert!(network_command(&[], "").is_err());
    }
}
