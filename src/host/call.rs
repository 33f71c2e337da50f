//! [`Call`]: the argument that xapi passes, read but not yet understood.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::failure::Failure;
use crate::wire::Secret;
use crate::wire::xmlrpc::MethodCall;

/// A call of a plugin's function. `Debug` shows no argument.
#[derive(Clone)]
pub struct Call {
    /// The function.
    pub function: String,
    /// The caller's session with xapi; usable on the local socket.
    pub session: Secret,
    /// The caller's map, each key once.
    map: Vec<(String, String)>,
}

impl Call {
    /// Reads the XML-RPC call in `argument`.
    pub fn read(argument: &OsStr) -> Result<Self, Failure> {
        let call = MethodCall::read(argument.as_bytes())
            .map_err(|error| Failure::argument(format!("the call is not the XML-RPC of xapi: {error}")))?;
        Ok(Self { function: call.method, session: Secret::new(call.session), map: call.arguments })
    }

    /// What the map holds under `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.map.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The map's keys and values.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.map.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Call").field("function", &self.function).finish_non_exhaustive()
    }
}
