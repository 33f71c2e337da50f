//! The host's network: devices, bridges and the packet filter.

use vhd_porter::dom0::{filter_command, network_change};
use vhd_porter::host::{Arguments, Class, Failure};
use vhd_porter::wire::{Value, json};

use super::{document, output, output_of};

/// Makes the change that `cmd` in `args` names, with the arguments in its `args`; what the program prints.
pub(super) fn network_config(arguments: &Arguments) -> Result<Value, Failure> {
    let call = arguments.value("args").unwrap_or(&Value::None);
    let Value::Text(name) = exists(call, "cmd")? else {
        return Err(Failure::new(Class::PluginError, "invalid command: expected a text"));
    };
    let (program, words) = network_change(name, |name| match exists(exists(call, "args")?, name)? {
        Value::Text(text) => Ok(text.clone()),
        Value::Int(number) => Ok(number.to_string()),
        other => {
            let found = other.type_name();
            Err(Failure::argument(format!("Argument {name}: expected a text, found {found}")))
        }
    })?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(output(program, &words)?.into())
}

/// What `key` stands for: os-xenapi `dom0_pluginlib.py` `exists`.
fn exists<'a>(values: &'a Value, key: &str) -> Result<&'a Value, Failure> {
    values.get(key).ok_or_else(|| Failure::argument(format!("Argument {key} is required.")))
}

/// Saves or restores the packet filter: `cmd_args` is the command, a list in JSON; `process_input` is what it reads.
pub(super) fn iptables_config(arguments: &Arguments) -> Result<Value, Failure> {
    let command = json::read(arguments.text("cmd_args")?)
        .map_err(|error| Failure::argument(format!("iptables_config: argument cmd_args: {error}")))?;
    let words: Option<Vec<String>> = command.as_items().and_then(|items| items.iter().map(word).collect());
    let words = words.ok_or_else(|| {
        let found = command.type_name();
        Failure::argument(format!(
            "iptables_config: argument cmd_args: expected a list of texts, found {found}"
        ))
    })?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let input = arguments.optional_text("process_input")?.unwrap_or_default();
    let out = output_of(filter_command(&words, input)?, &words[1..], input)?;
    Ok(document([("out", out.into()), ("err", "".into())]))
}

/// A word of a command: a text or a number.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}
