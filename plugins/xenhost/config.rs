//! Values that the control plane keeps on the host.

use vhd_porter::config::key;
use vhd_porter::dom0::HostConfig;
use vhd_porter::host::{self, Arguments, Failure};
use vhd_porter::wire::{Value, json};

/// The value of `key`; `"None"` if there is none.
pub(super) fn get_config(arguments: &Arguments) -> Result<Value, Failure> {
    let params = params(arguments)?;
    let value = open()?.get(key_of(&params)?).cloned().filter(|value| *value != Value::None);
    Ok(json::write(&value.unwrap_or_else(|| "None".into())).into())
}

/// Sets `key` to `value`, or removes it if that is null.
pub(super) fn set_config(arguments: &Arguments) -> Result<Value, Failure> {
    let params = params(arguments)?;
    let value = params.get("value").ok_or_else(|| refuse("expected a key and a value, found no value"))?;
    open()?.set(key_of(&params)?, Some(value.clone()).filter(|value| *value != Value::None))?;
    Ok("null".into())
}

fn open() -> Result<HostConfig, Failure> {
    Ok(HostConfig::open(&host::settings()?.path(key::XENHOST_CONFIG_FILE))?)
}

/// The argument `params`: a JSON object in a text, or from callers in JSON an object.
fn params(arguments: &Arguments) -> Result<Value, Failure> {
    match arguments.value("params") {
        Some(Value::Text(text)) => json::read(text).map_err(|error| refuse(&error.to_string())),
        other => Ok(other.cloned().into()),
    }
}

fn key_of(params: &Value) -> Result<&str, Failure> {
    let key = params.get("key").and_then(Value::as_text);
    key.ok_or_else(|| refuse("expected an object with a text as key, found none"))
}

fn refuse(why: &str) -> Failure {
    Failure::argument(format!("argument params: {why}"))
}
