//! `xenhost`: the host itself: its state, its power, its network, its PCI devices.

#[path = "xenhost/config.rs"]
mod config;
#[path = "xenhost/join.rs"]
mod join;
#[path = "xenhost/network.rs"]
mod network;
#[path = "xenhost/state.rs"]
mod state;

use vhd_porter::config::{Key, key};
use vhd_porter::dom0::{self, Program, pci_type};
use vhd_porter::host::{self, Arguments, Class, Failure, Function, Parameter, Plugin};
use vhd_porter::pipeline::parse_uuid;
use vhd_porter::wire::{Value, json};

const HOST_UUID: Parameter = Parameter::required("host_uuid");
const PARAMS: Parameter = Parameter::required("params");

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "xenhost",
    about: "State, power and network of the host",
    functions: &[
        Function::json("host_data", &[HOST_UUID], state::host_data),
        Function::json(
            "set_host_enabled",
            &[HOST_UUID, Parameter::optional("enabled")],
            state::set_host_enabled,
        ),
        Function::json("host_shutdown", &[HOST_UUID], |arguments| {
            state::power(arguments, "shutdown", "host-shutdown")
        }),
        Function::json("host_reboot", &[HOST_UUID], |arguments| {
            state::power(arguments, "reboot", "host-reboot")
        }),
        Function::json("host_start", &[HOST_UUID], |arguments| {
            state::power(arguments, "startup", "host-power-on")
        }),
        Function::json(
            "host_join",
            &[
                Parameter::required("compute_uuid"),
                Parameter::required("url"),
                Parameter::required("user"),
                Parameter::required("password"),
                Parameter::required("master_addr"),
                Parameter::required("master_user"),
                Parameter::required("master_pass"),
                Parameter::optional("force"),
            ],
            join::host_join,
        ),
        Function::json("get_config", &[PARAMS], config::get_config),
        Function::json("set_config", &[PARAMS], config::set_config),
        Function::json(
            "iptables_config",
            &[Parameter::required("cmd_args"), Parameter::optional("process_input")],
            network::iptables_config,
        ),
        Function::json("host_uptime", &[], |_| Ok(document([("uptime", output(key::UPTIME, &[])?.into())]))),
        Function::pickled(
            "query_gc",
            &[Parameter::required("sr_uuid"), Parameter::required("vdi_uuid")],
            query_gc,
        ),
        Function::pickled("get_pci_device_details", &[], |_| Ok(output(key::LSPCI, &["-vmmnk"])?.into())),
        Function::pickled("get_pci_type", &[Parameter::required("pci_device")], |arguments| {
            let devices = host::settings()?.path(key::XENHOST_PCI_DEVICES);
            Ok(pci_type(&devices, arguments.text("pci_device")?)?.into())
        }),
        Function::pickled("network_config", &[Parameter::required("args")], network::network_config),
    ],
};

/// Whether the storage manager's garbage collector is at work on an SR. It says `Currently running: True`.
fn query_gc(arguments: &Arguments) -> Result<Value, Failure> {
    let sr = parse_uuid(arguments.text("sr_uuid")?)?.to_string();
    let said = output(key::SM_CLEANUP, &["-q", "-u", &sr])?;
    Ok(Value::Bool(said.split_once(':').is_some_and(|(_, running)| running.trim() == "True")))
}

/// What a program prints.
fn output(program: &'static Key, args: &[&str]) -> Result<String, Failure> {
    output_of(program, args, "")
}

/// What a program prints when it has read `input`. If it fails, what it complained is the message of a `PluginError`:
/// os-xenapi xenhost.py `_run_command`.
fn output_of(program: &'static Key, args: &[&str], input: &str) -> Result<String, Failure> {
    let program = Program::configured(&host::settings()?, program);
    program.output_of(args, input.as_bytes()).map_err(|error| match error {
        dom0::Error::Program { stderr, .. } => Failure::new(Class::PluginError, stderr),
        other => other.into(),
    })
}

/// The answer of a function whose result is JSON.
fn document<const N: usize>(entries: [(&str, Value); N]) -> Value {
    json::write(&Value::dict(entries)).into()
}
