//! [`Given`]: the arguments as the caller wrote them, out of the map and its encodings.

use super::call::Call;
use super::failure::Failure;
use super::plugin::{Encoding, Function};
use crate::wire::{Value, json, pickle, scrub};

/// How the caller wants the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// As a protocol 0 pickle.
    Pickle,
    /// As JSON.
    Json,
    /// As the bare text.
    Plain,
}

/// Positional and keyword arguments, not yet held against any parameters.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) positional: Vec<Value>,
    pub(super) keywords: Vec<(String, Value)>,
}

impl Given {
    /// Takes the arguments out of `call`: from `json` if the caller wrote that, else as the encoding of
    /// `function` says.
    /// Texts that are secrets by their names are scrubbed from here on.
    pub(super) fn from_call(call: &Call, function: &Function) -> Result<(Self, Reply), Failure> {
        let name = function.name;
        let (given, reply) = match (call.get("json"), call.get("params"), function.encoding) {
            (Some(_), Some(_), _) => {
                return Err(Failure::argument(format!("{name}: give either json or params, not both")));
            }
            (Some(text), None, Encoding::Json) => (Self::from_json(name, text)?, Reply::Plain),
            (Some(text), None, _) => (Self::from_json(name, text)?, Reply::Json),
            (None, _, Encoding::Plain | Encoding::Json) => (Self::from_map(call, function), Reply::Plain),
            (None, Some(text), Encoding::Pickled) => (Self::from_pickle(name, text)?, Reply::Pickle),
            (None, None, Encoding::Pickled) => (Self::default(), Reply::Pickle),
        };
        given.positional.iter().for_each(remember_secrets);
        given.keywords.iter().for_each(|(name, value)| remember_entry(name, value));
        Ok((given, reply))
    }

    /// Of a plain map, only what the function has parameters for: clients add keys for themselves, such as
    /// `host_uuid`, and the original plugins never looked at them.
    fn from_map(call: &Call, function: &Function) -> Self {
        let known = |key: &str| function.parameters.iter().any(|parameter| parameter.name == key);
        let entries = call.entries().filter(|(key, _)| known(key));
        let keywords = entries.map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
        Self { positional: Vec::new(), keywords }
    }

    fn from_pickle(function: &str, text: &str) -> Result<Self, Failure> {
        let value = pickle::read_text(text).map_err(|error| {
            Failure::argument(format!("{function}: params is not a pickle of data: {error}"))
        })?;
        Self::from_pair(function, "params", value)
    }

    fn from_json(function: &str, text: &str) -> Result<Self, Failure> {
        let value =
            json::read(text).map_err(|error| Failure::argument(format!("{function}: json is {error}")))?;
        let is_pair = value.as_dict().is_some_and(|entries| {
            !entries.is_empty()
                && entries.iter().all(|(key, value)| {
                    matches!(
                        (key.as_text(), value),
                        (Some("args"), Value::List(_)) | (Some("kwargs"), Value::Dict(_))
                    )
                })
        });
        if is_pair {
            return Self::from_pair(function, "json", value);
        }
        Ok(Self { positional: Vec::new(), keywords: keywords(function, "json", value)? })
    }

    /// From `{'args': (…), 'kwargs': {…}}`, either of which may be missing.
    fn from_pair(function: &str, key: &str, value: Value) -> Result<Self, Failure> {
        let mut given = Self::default();
        for (name, value) in keywords(function, key, value)? {
            match (name.as_str(), value) {
                ("args", Value::Tuple(items) | Value::List(items)) => given.positional = items,
                ("kwargs", value) => given.keywords = keywords(function, "kwargs", value)?,
                ("args", value) => {
                    let found = value.type_name();
                    return Err(Failure::argument(format!(
                        "{function}: args: expected a tuple, found {found}"
                    )));
                }
                (other, _) => {
                    return Err(Failure::argument(format!(
                        "{function}: {key}: expected args and kwargs, found {other}"
                    )));
                }
            }
        }
        Ok(given)
    }
}

/// The entries of a dict with text keys.
fn keywords(function: &str, what: &str, value: Value) -> Result<Vec<(String, Value)>, Failure> {
    let refuse = |found| {
        Failure::argument(format!("{function}: {what}: expected a dict with text keys, found {found}"))
    };
    let Value::Dict(entries) = value else {
        return Err(refuse(value.type_name().to_owned()));
    };
    entries
        .into_iter()
        .map(|(key, value)| match key {
            Value::Text(key) => Ok((key, value)),
            other => Err(refuse(format!("one with a {} as key", other.type_name()))),
        })
        .collect()
}

/// Has the scrubber remember every text in `value` that stands under a secret name.
fn remember_secrets(value: &Value) {
    match value {
        Value::List(items) | Value::Tuple(items) => {
            if let [Value::Text(name), value @ Value::Text(_)] = items.as_slice() {
                remember_entry(name, value);
            }
            items.iter().for_each(remember_secrets);
        }
        Value::Dict(entries) => entries.iter().for_each(|(key, value)| match key {
            Value::Text(name) => remember_entry(name, value),
            _ => remember_secrets(value),
        }),
        _ => {}
    }
}

fn remember_entry(name: &str, value: &Value) {
    match value {
        Value::Text(text) if scrub::is_secret_name(name) => {
            scrub::remember(text);
            // "Bearer abc" is as secret without its first word.
            if let Some((_, rest)) = text.split_once(' ') {
                scrub::remember(rest);
            }
        }
        _ => remember_secrets(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Parameter;
    use crate::wire::xmlrpc::MethodCall;
    use std::ffi::OsString;

    fn call(entries: &[(&str, &str)]) -> Call {
        let arguments = entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let call = MethodCall { method: "f".into(), session: "OpaqueRef:s".into(), arguments };
        Call::read(&OsString::from(call.write())).unwrap()
    }

    fn given(
        entries: &[(&str, &str)],
        encoding: Encoding,
    ) -> Result<(Vec<Value>, Vec<String>, Reply), String> {
        const KEY: &[Parameter] = &[Parameter::required("key")];
        let function = Function { name: "f", parameters: KEY, encoding, run: |_| Ok(Value::None) };
        let (given, reply) =
            Given::from_call(&call(entries), &function).map_err(|failure| failure.message().to_owned())?;
        Ok((given.positional, given.keywords.into_iter().map(|(name, _)| name).collect(), reply))
    }

    #[test]
    fn arguments_come_from_wherever_the_caller_put_them() {
        let pickled = "(dS'args'\n(I1\ntsS'kwargs'\n(dS'a'\nNss.";
        let one = || vec![Value::Int(1)];
        for (entries, encoding, expected) in [
            (&[("params", pickled)][..], Encoding::Pickled, (one(), vec!["a"], Reply::Pickle)),
            (&[("host_uuid", "u")], Encoding::Pickled, (vec![], vec![], Reply::Pickle)),
            (
                &[("json", r#"{"args": [1], "kwargs": {"a": 2}}"#)],
                Encoding::Pickled,
                (one(), vec!["a"], Reply::Json),
            ),
            (&[("json", r#"{"args": 1}"#)], Encoding::Pickled, (vec![], vec!["args"], Reply::Json)),
            (&[("json", r#"{"a": 1, "b": 2}"#)], Encoding::Plain, (vec![], vec!["a", "b"], Reply::Json)),
            (&[("json", "{}")], Encoding::Pickled, (vec![], vec![], Reply::Json)),
            (&[("key", "k"), ("host_uuid", "u")], Encoding::Plain, (vec![], vec!["key"], Reply::Plain)),
            (&[("key", "k"), ("params", "p")], Encoding::Json, (vec![], vec!["key"], Reply::Plain)),
            (&[("json", r#"{"key": "k"}"#)], Encoding::Json, (vec![], vec!["key"], Reply::Plain)),
        ] {
            let (positional, names, reply) = expected;
            let names = names.into_iter().map(str::to_owned).collect();
            assert_eq!(given(entries, encoding), Ok((positional, names, reply)), "{entries:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (entries, message) in [
            (&[("params", "N."), ("json", "{}")][..], "f: give either json or params, not both"),
            (
                &[("params", "cos\nsystem\n.")],
                "f: params is not a pickle of data: byte 0 of the pickle is GLOBAL",
            ),
            (&[("params", "hello world")], "f: params is not a pickle of data"),
            (&[("params", "N.")], "f: params: expected a dict with text keys, found None"),
            (
                &[("params", "(dI1\nNs.")],
                "f: params: expected a dict with text keys, found one with a int as key",
            ),
            (&[("params", "(dS'args'\nI1\ns.")], "f: args: expected a tuple, found int"),
            (&[("params", "(dS'kwargs'\nI1\ns.")], "f: kwargs: expected a dict with text keys, found int"),
            (&[("params", "(dS'other'\nNs.")], "f: params: expected args and kwargs, found other"),
            (&[("json", "{")], "f: json is not JSON: EOF"),
            (&[("json", "[1]")], "f: json: expected a dict with text keys, found list"),
        ] {
            let error = given(entries, Encoding::Pickled).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn secrets_are_scrubbed_as_soon_as_they_are_read() {
        let json = r#"{"extra_headers": {"X-Auth-Token": "given-token-1"}, "a": [["Authorization", "Bearer given-2"]]}"#;
        given(&[("json", json)], Encoding::Pickled).unwrap();
        assert_eq!(scrub::scrub("given-token-1, given-2, OpaqueRef:s"), "***, ***, ***");
    }
}
