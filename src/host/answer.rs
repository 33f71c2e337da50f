//! One call, one answer: from the argument to what goes to stdout, whatever happens in between.

use std::any::Any;
use std::ffi::OsStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::arguments::Arguments;
use super::call::Call;
use super::failure::{Class, Failure, unknown_function};
use super::given::{Given, Reply};
use super::plugin::{Function, Plugin};
use crate::log;
use crate::wire::xmlrpc::Answer;
use crate::wire::{Value, json, pickle};

/// Carries out the call in `argument` on `plugin`. Never panics, whatever the function does; a panic is a
/// [`Class::Exception`].
pub fn answer(plugin: &Plugin, argument: &OsStr) -> Answer {
    let call = match guarded(|| Call::read(argument)) {
        Ok(call) => call,
        // There is no function to name yet.
        Err(failure) => {
            tracing::error!("{failure}");
            return Answer::Failure(failure.description(plugin.name));
        }
    };
    let Some(function) = plugin.function(&call.function) else {
        tracing::error!(function = call.function, "unknown function");
        return Answer::Failure(unknown_function(plugin, &call.function));
    };
    let started = Instant::now();
    tracing::info!(function = function.name, "called");
    let result = guarded(|| perform(function, &call));
    let seconds = format!("{:.3}", started.elapsed().as_secs_f64());
    match result {
        Ok(text) => {
            tracing::info!(function = function.name, %seconds, "done");
            Answer::Success(text)
        }
        Err(failure) => {
            log::tell_held();
            tracing::error!(function = function.name, %seconds, "{failure}");
            Answer::Failure(failure.description(function.name))
        }
    }
}

fn perform(function: &Function, call: &Call) -> Result<String, Failure> {
    let (given, reply) = Given::from_call(call, function)?;
    let arguments = Arguments::bind(function, call.session.clone(), given)?;
    tracing::debug!(?arguments, "bound");
    let value = (function.run)(&arguments)?;
    Ok(match (reply, value) {
        (Reply::Pickle, value) => pickle::write(&value),
        (Reply::Plain, Value::Text(text)) => text,
        (Reply::Json | Reply::Plain, value) => json::write(&value),
    })
}

/// Runs `step`, turning a panic into a failure.
fn guarded<T>(step: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // Nothing that a step leaves half done is looked at again: the process ends after the answer.
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| {
        let message = format!("a bug in vhd-porter: {}", panic_message(&*panic));
        Err(Failure::new(Class::Exception, message))
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Encoding, Parameter};
    use crate::wire::xmlrpc::MethodCall;

    const fn function(
        name: &'static str,
        encoding: Encoding,
        run: fn(&Arguments) -> Result<Value, Failure>,
    ) -> Function {
        const KEY: &[Parameter] = &[Parameter::optional("key")];
        Function { name, parameters: KEY, encoding, run }
    }

    const PLUGIN: Plugin = Plugin {
        name: "sample",
        about: "For tests",
        functions: &[
            function("echo", Encoding::Pickled, |arguments| Ok(arguments.value("key").cloned().into())),
            function("plain", Encoding::Plain, |arguments| Ok(arguments.text("key")?.into())),
            function("number", Encoding::Plain, |_| Ok(Value::List(vec![1.into()]))),
            function("retry", Encoding::Pickled, |_| Err(Failure::new(Class::RetryableError, "later"))),
            function("bug", Encoding::Pickled, |arguments| panic!("token={}", arguments.session().expose())),
        ],
    };

    fn ask(function: &str, entries: &[(&str, &str)]) -> Answer {
        let arguments = entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let call = MethodCall { method: function.into(), session: "OpaqueRef:panicking".into(), arguments };
        answer(&PLUGIN, OsStr::new(&call.write()))
    }

    fn failure(items: &[&str]) -> Answer {
        Answer::Failure(items.iter().map(|item| (*item).to_owned()).collect())
    }

    #[test]
    fn the_result_goes_as_the_arguments_came() {
        let success = |text: &str| Answer::Success(text.into());
        assert_eq!(ask("echo", &[("params", "(dS'args'\n(S'a'\nts.")]), success("S'a'\n."));
        assert_eq!(ask("echo", &[("json", r#"{"key": [1, "ä"]}"#)]), success(r#"[1,"ä"]"#));
        assert_eq!(ask("echo", &[("host_uuid", "u")]), success("N."));
        assert_eq!(ask("plain", &[("key", "v")]), success("v"));
        assert_eq!(ask("plain", &[("json", r#"{"key": "v"}"#)]), success(r#""v""#));
        assert_eq!(ask("number", &[]), success("[1]"));
    }

    #[test]
    fn failures_keep_their_class() {
        assert_eq!(
            ask("retry", &[]),
            failure(&["XENAPI_PLUGIN_FAILURE", "retry", "RetryableError", "later"])
        );
    }

    #[test]
    fn a_panic_is_answered_and_keeps_secrets() {
        let expected = ["XENAPI_PLUGIN_FAILURE", "bug", "Exception", "a bug in vhd-porter: token=***"];
        assert_eq!(ask("bug", &[]), failure(&expected));
    }

    #[test]
    fn an_unknown_function_has_three_items() {
        assert_eq!(
            ask("nope\u{9b}", &[]),
            failure(&[
                "UNKNOWN_XENAPI_PLUGIN_FUNCTION",
                "nope\u{fffd}",
                "the plugin sample has echo, plain, number, retry, bug"
            ])
        );
    }

    #[test]
    fn what_is_no_call_is_answered_too() {
        let Answer::Failure(items) = answer(&PLUGIN, OsStr::new("hello")) else {
            panic!("a success");
        };
        assert_eq!(items[..3], ["XENAPI_PLUGIN_FAILURE", "sample", "ArgumentError"]);
        assert!(
            items[3].starts_with("the call is not the XML-RPC of xapi: not well-formed XML at 1:"),
            "{items:?}"
        );
    }
}
