//! What the host is, and whether it is at work.

use vhd_porter::config::key;
use vhd_porter::dom0::{self, HostConfig};
use vhd_porter::host::{self, Arguments, Class, Failure};
use vhd_porter::pipeline::parse_uuid;
use vhd_porter::wire::{Value, json};

use super::{document, output};

/// The host's parameters, and over them what `set_config` keeps.
pub(super) fn host_data(arguments: &Arguments) -> Result<Value, Failure> {
    let listing = output(key::XE, &["host-param-list", &uuid(arguments)?])?;
    let kept = HostConfig::open(&host::settings()?.path(key::XENHOST_CONFIG_FILE))?;
    let mut entries = dom0::host_data(&listing);
    entries.retain(|(name, _)| !kept.entries().iter().any(|(key, _)| key == name));
    entries.extend(kept.entries().iter().cloned());
    Ok(json::write(&Value::Dict(entries)).into())
}

/// Lets the host take new instances, or not; what already runs goes on. The answer is what xapi says afterwards.
pub(super) fn set_host_enabled(arguments: &Arguments) -> Result<Value, Failure> {
    let refuse = |message: String| Failure::new(Class::PluginError, message);
    let command = match arguments.optional_text("enabled")? {
        None => return Err(refuse("Missing 'enabled' argument to set_host_enabled".to_owned())),
        Some("true") => "host-enable",
        Some("false") => "host-disable",
        Some(other) => return Err(refuse(format!("Illegal enabled status: {other}"))),
    };
    let uuid = uuid(arguments)?;
    silent(&[command, &uuid])?;
    let enabled = output(key::XE, &["host-param-get", &uuid, "param-name=enabled"])?;
    let status = if enabled.trim() == "true" { "enabled" } else { "disabled" };
    Ok(document([("status", status.into())]))
}

/// Disables the host, shuts its guests down and then does what `command` of `xe` does.
pub(super) fn power(arguments: &Arguments, action: &str, command: &str) -> Result<Value, Failure> {
    let host = parse_uuid(arguments.text("host_uuid")?)?;
    silent(&["host-disable", &format!("uuid={host}")])?;
    silent(&["vm-shutdown", "--multiple", &format!("resident-on={host}")])?;
    silent(&[command, &format!("uuid={host}")])?;
    Ok(document([("power_action", action.into())]))
}

/// Runs a command of `xe` that says nothing when all is well.
fn silent(args: &[&str]) -> Result<(), Failure> {
    match output(key::XE, args)?.as_str() {
        "" => Ok(()),
        said => Err(Failure::new(Class::PluginError, said)),
    }
}

/// The host, as `xe` wants it named.
fn uuid(arguments: &Arguments) -> Result<String, Failure> {
    Ok(format!("uuid={}", parse_uuid(arguments.text("host_uuid")?)?))
}
