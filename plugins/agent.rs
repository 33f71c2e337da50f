//! `agent`: what the agent in a guest is asked to do. The answer is the agent's own, JSON.

use vhd_porter::config::key;
use vhd_porter::dom0::{Agent, DomainId, Xenstore, file_request};
use vhd_porter::host::{self, Arguments, Failure, Function, Parameter, Plugin};
use vhd_porter::wire::{Secret, Value};

const ID: Parameter = Parameter::required("id");
const DOM_ID: Parameter = Parameter::required("dom_id");
const TIMEOUT: Parameter = Parameter::optional("timeout");

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "agent",
    about: "Asks the agent in a guest",
    functions: &[
        Function::json("version", &[ID, DOM_ID, TIMEOUT], |arguments| {
            ask(arguments, "version", "agent".into())
        }),
        Function::json("key_init", &[ID, DOM_ID, TIMEOUT, Parameter::required("pub")], |arguments| {
            ask(arguments, "keyinit", arguments.text("pub")?.into())
        }),
        Function::json("password", &[ID, DOM_ID, TIMEOUT, Parameter::required("enc_pass")], |arguments| {
            ask(arguments, "password", secret(arguments, "enc_pass")?.into())
        }),
        Function::json("resetnetwork", &[ID, DOM_ID, TIMEOUT], |arguments| {
            ask(arguments, "resetnetwork", "".into())
        }),
        Function::json(
            "inject_file",
            &[ID, DOM_ID, TIMEOUT, Parameter::required("b64_path"), Parameter::required("b64_contents")],
            inject_file,
        ),
        Function::json(
            "agentupdate",
            &[ID, DOM_ID, TIMEOUT, Parameter::required("url"), Parameter::required("md5sum")],
            |arguments| {
                let update = format!("{},{}", arguments.text("url")?, arguments.text("md5sum")?);
                ask(arguments, "agentupdate", update.into())
            },
        ),
    ],
};

/// Asks for one thing and gives back the answer.
fn ask(arguments: &Arguments, name: &str, value: Value) -> Result<Value, Failure> {
    talk(arguments, |_, _| Ok((name.to_owned(), value)))
}

/// Has the agent write a file, in the way that it knows; what that is has to be asked first.
fn inject_file(arguments: &Arguments) -> Result<Value, Failure> {
    let (path, contents) = (arguments.text("b64_path")?, secret(arguments, "b64_contents")?);
    talk(arguments, |agent, usual| {
        // The call's own timeout is for the request itself.
        let (name, value) = file_request(&agent.features(usual)?, path, contents)?;
        Ok((name.to_owned(), value))
    })
}

/// Puts the request that `prepare` makes to the agent. `prepare` is given the agent and the usual timeout in seconds.
fn talk(
    arguments: &Arguments,
    prepare: impl FnOnce(&Agent<'_>, u64) -> Result<(String, Value), Failure>,
) -> Result<Value, Failure> {
    let settings = host::settings()?;
    let (id, domain) = (arguments.text("id")?, DomainId::new(arguments.u64("dom_id")?)?);
    let usual = settings.number(key::AGENT_TIMEOUT);
    let timeout = arguments.optional_u64("timeout")?.unwrap_or(usual);
    let xenstore = Xenstore::configured(&settings);
    let agent = Agent::new(&xenstore, domain);
    let (name, value) = prepare(&agent, usual)?;
    Ok(agent.ask(id, &name, &value, timeout)?.into())
}

/// A text that is in no message and no line of the log from here on.
fn secret<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str, Failure> {
    let text = arguments.text(name)?;
    drop(Secret::new(text));
    Ok(text)
}
