//! Calls of the `glance` plugin.

use serde_json::{Map, Value, json};
use vhd_porter::wire::xmlrpc::Answer;

use crate::host::{Host, xml};

/// The token that goes along with every call, and must never come back.
pub(crate) const TOKEN: &str = "token-of-openstack-tests";

/// `base` with the entries of `change` in place of its own; a `null` removes.
pub(crate) fn changed(base: &Value, change: &Value) -> Value {
    let mut entries: Map<String, Value> = base.as_object().unwrap().clone();
    entries.extend(change.as_object().unwrap().clone());
    entries.retain(|_, value| !value.is_null());
    Value::Object(entries)
}

/// Headers as nova sends them.
pub(crate) fn headers() -> Value {
    json!({ "X-Auth-Token": TOKEN, "X-Identity-Status": "Confirmed", "X-Roles": "member" })
}

/// Calls `function` with keyword arguments; the result.
#[track_caller]
pub(crate) fn result(host: &Host, function: &str, arguments: &Value) -> Value {
    match host.call("glance.py", xml(function, &[("json", &arguments.to_string())])) {
        Answer::Success(text) => serde_json::from_str(&text).unwrap(),
        Answer::Failure(items) => panic!("{items:?}"),
    }
}

/// Calls `function` with keyword arguments; class and message of the failure, which hold no secret.
#[track_caller]
pub(crate) fn failure(host: &Host, function: &str, arguments: &Value) -> (String, String) {
    let (class, message) = host.failure("glance.py", xml(function, &[("json", &arguments.to_string())]));
    assert!(!message.contains(TOKEN), "{message}");
    (class, message)
}
