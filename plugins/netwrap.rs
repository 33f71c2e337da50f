//! `netwrap`: neutron's way to run the network's programs on the host.

use vhd_porter::dom0::{Kind, Program, network_command, return_code};
use vhd_porter::host::{self, Arguments, Class, Failure, Function, Parameter, Plugin};
use vhd_porter::wire::{Value, json};

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "netwrap",
    about: "Runs the network's programs",
    functions: &[Function::json(
        "run_command",
        &[Parameter::required("cmd"), Parameter::optional("cmd_input")],
        run_command,
    )],
};

/// Runs `cmd`, a list in JSON, with `cmd_input`, a text in JSON, to read. However it ends: `{"returncode": …, "out": …,
/// "err": …}`.
fn run_command(arguments: &Arguments) -> Result<Value, Failure> {
    let command = document(arguments, "cmd")?;
    let words: Option<Vec<&str>> =
        command.as_items().and_then(|items| items.iter().map(Value::as_text).collect());
    let words = words.ok_or_else(|| expected("cmd", "a list of texts", &command))?;
    let input = document(arguments, "cmd_input")?;
    let input = match &input {
        Value::None => "",
        Value::Text(text) => text,
        other => return Err(expected("cmd_input", "a text or null", other)),
    };
    let program = Program::configured(&host::settings()?, network_command(&words, input)?);
    let finished = program.run(&words[1..], input.as_bytes()).map_err(|error| match error.kind() {
        // Nobody looked for the program before it was run.
        Kind::ProgramMissing => Failure::from_error(Class::OsError, &error),
        _ => error.into(),
    })?;
    let result = Value::dict([
        ("returncode", Value::from(return_code(finished.status))),
        ("out", finished.stdout.into()),
        ("err", finished.stderr.into()),
    ]);
    Ok(json::write(&result).into())
}

/// The value in an argument that is JSON; none if it was left out.
fn document(arguments: &Arguments, name: &str) -> Result<Value, Failure> {
    let Some(text) = arguments.optional_text(name)? else { return Ok(Value::None) };
    json::read(text).map_err(|error| Failure::argument(format!("run_command: argument {name}: {error}")))
}

fn expected(name: &str, expected: &str, found: &Value) -> Failure {
    let found = found.type_name();
    Failure::argument(format!("run_command: argument {name}: expected {expected} in JSON, found {found}"))
}
