//! The same work asked for in every way that there is: by every Python, with every protocol, by position and by
//! keyword, and in JSON.

use serde_json::{Map, Value, json};

use crate::host::{Host, xml};
use crate::python::{Python, Request};

/// Highest protocol of any Python.
const PROTOCOLS: std::ops::RangeInclusive<u8> = 0..=5;

/// Calls `function` of `plugin` once in every way. `prepare` gives the arguments of the next call, in order, and
/// `judge` looks at what came of it; they may do something else each time.
pub(crate) fn in_every_way<T>(
    host: &Host,
    plugin: &str,
    function: &'static str,
    mut prepare: impl FnMut() -> (Vec<(&'static str, Value)>, T),
    mut judge: impl FnMut(T, &Value),
) {
    for python in Python::all() {
        let mut requests = Vec::new();
        let mut expected = Vec::new();
        for (protocol, by_keyword) in PROTOCOLS.flat_map(|protocol| [(protocol, false), (protocol, true)]) {
            let (arguments, token) = prepare();
            let (args, kwargs) = shaped(arguments, by_keyword);
            requests.push(Request { function, args, kwargs, protocol });
            expected.push(token);
        }
        let (mut answers, mut tokens) = (Vec::new(), Vec::new());
        for (call, token) in python.calls(&requests).into_iter().zip(expected) {
            let Some(call) = call else { continue };
            let outcome = host.run(host.command(plugin).arg(call));
            assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""), "{}", outcome.stdout);
            answers.push(outcome.stdout);
            tokens.push(token);
        }
        for (result, token) in python.results(&answers).iter().zip(tokens) {
            judge(token, result);
        }
    }
    for by_keyword in [false, true] {
        let (arguments, token) = prepare();
        let (args, kwargs) = shaped(arguments, by_keyword);
        let document = if by_keyword { kwargs } else { json!({ "args": args }) };
        judge(token, &in_json(host, plugin, function, &document));
    }
}

/// Calls with a JSON document; the result.
pub(crate) fn in_json(host: &Host, plugin: &str, function: &str, document: &Value) -> Value {
    let call = xml(function, &[("json", &document.to_string()), ("host_uuid", "u")]);
    match host.call(plugin, call) {
        vhd_porter::wire::xmlrpc::Answer::Success(text) => serde_json::from_str(&text).unwrap(),
        vhd_porter::wire::xmlrpc::Answer::Failure(items) => panic!("{items:?}"),
    }
}

/// Positional and keyword arguments, all of one sort.
fn shaped(arguments: Vec<(&'static str, Value)>, by_keyword: bool) -> (Value, Value) {
    if by_keyword {
        let entries: Map<_, _> =
            arguments.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        (json!([]), Value::Object(entries))
    } else {
        (arguments.into_iter().map(|(_, value)| value).collect(), json!({}))
    }
}
