//! The changes to the host's network that a control plane may ask for, as command lines.

use super::error::Error;
use crate::config::{Key, key};

/// A change: its name, and the program and arguments it is made with, a blank between them. `{name}` stands for an argument
/// of the call.
struct Change {
    name: &'static str,
    program: &'static Key,
    words: &'static str,
}

const fn change(name: &'static str, program: &'static Key, words: &'static str) -> Change {
    Change { name, program, words }
}

/// Those of os-xenapi xenhost.py `ALLOWED_NETWORK_CMDS`.
const CHANGES: &[Change] = &[
    change(
        "ovs_add_patch_port",
        key::OVS_VSCTL,
        "-- --if-exists del-port {port_name} -- add-port {bridge_name} {port_name} \
         -- set interface {port_name} type=patch options:peer={peer_port_name}",
    ),
    change(
        "ovs_add_port",
        key::OVS_VSCTL,
        "-- --if-exists del-port {port_name} -- add-port {bridge_name} {port_name}",
    ),
    change(
        "ovs_create_port",
        key::OVS_VSCTL,
        "-- --if-exists del-port {port} -- add-port {bridge} {port} \
         -- set Interface {port} external_ids:iface-id={iface-id} external_ids:iface-status={status} \
         external_ids:attached-mac={mac} external_ids:xs-vif-uuid={iface-id}",
    ),
    change("ovs_del_port", key::OVS_VSCTL, "-- --if-exists del-port {bridge_name} {port_name}"),
    change("ovs_del_br", key::OVS_VSCTL, "-- --if-exists del-br {bridge_name}"),
    change(
        "ovs_set_if_external_id",
        key::OVS_VSCTL,
        // The argument is spelt so by the original.
        "set Interface {interface} external-ids:{extneral_id}={value}",
    ),
    change("ip_link_add_veth_pair", key::IP, "link add {dev1_name} type veth peer name {dev2_name}"),
    change("ip_link_del_dev", key::IP, "link delete {device_name}"),
    change("ip_link_get_dev", key::IP, "link show {device_name}"),
    change("ip_link_set_dev", key::IP, "link set {device_name} {option}"),
    change("ip_link_set_promisc", key::IP, "link set {device_name} promisc {option}"),
    change("brctl_add_br", key::BRCTL, "addbr {bridge_name}"),
    change("brctl_add_if", key::BRCTL, "addif {bridge_name} {interface_name}"),
    change("brctl_del_br", key::BRCTL, "delbr {bridge_name}"),
    change("brctl_del_if", key::BRCTL, "delif {bridge_name} {interface_name}"),
    change("brctl_set_fd", key::BRCTL, "setfd {bridge_name} {fd}"),
    change("brctl_set_stp", key::BRCTL, "stp {bridge_name} {option}"),
];

/// The longest value. Names of devices end at 15 characters, those of Open vSwitch do not.
const LONGEST: usize = 64;
const EXPECTED: &str = "letters, digits and . _ : @ + -, no - at the start, at most 64 characters";

/// The program and the arguments that make the change `name`; `argument` gives the call's arguments. None of them can be an
/// option, a second command or a pair of its own.
///
/// # Errors
/// There is no such change, or an argument is not a plain word; what `argument` refuses.
pub fn network_change<E: From<Error>>(
    name: &str,
    argument: impl Fn(&'static str) -> Result<String, E>,
) -> Result<(&'static Key, Vec<String>), E> {
    let Some(change) = CHANGES.iter().find(|change| change.name == name) else {
        return Err(Error::Refused(format!("Dom0 execution of '{name}' is not permitted")).into());
    };
    let words = change.words.split(' ').map(|word| fill(word, &argument));
    Ok((change.program, words.collect::<Result<_, E>>()?))
}

/// `word` with every `{name}` replaced.
fn fill<E: From<Error>>(
    word: &'static str,
    argument: &impl Fn(&'static str) -> Result<String, E>,
) -> Result<String, E> {
    let Some((before, rest)) = word.split_once('{') else { return Ok(word.to_owned()) };
    let (name, rest) = rest.split_once('}').unwrap_or((rest, ""));
    let value = argument(name)?;
    if !is_plain(&value) {
        return Err(Error::argument(name, EXPECTED, value).into());
    }
    Ok(format!("{before}{value}{}", fill(rest, argument)?))
}

fn is_plain(value: &str) -> bool {
    (1..=LONGEST).contains(&value.len())
        && !value.starts_with('-')
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:@+-".contains(&byte))
}
