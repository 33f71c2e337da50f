//! A request: what a client of xapi sends.

use super::escape::answer as escape;
use super::value;
use crate::wire::Value;

/// A call of a XenAPI method, such as `VDI.get_uuid`, with its parameters in order.
///
/// Source of the layout: xen-api `ocaml/doc/wire-protocol.md`.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Its parameters; the session reference is one like the others, and mostly the first.
    pub params: Vec<Value>,
}

impl Request {
    /// Writes the request. Characters that XML cannot carry come out as U+FFFD.
    pub fn write(&self) -> String {
        let params: String =
            self.params.iter().map(|param| format!("<param>{}</param>", value::write(param))).collect();
        format!(
            "<?xml version='1.0'?>\n<methodCall><methodName>{}</methodName><params>{params}</params></methodCall>\n",
            escape(&self.method)
        )
    }
}

impl std::fmt::Debug for Request {
    /// The method only: a session or a password may be among the parameters.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_written_in_order_and_never_shown() {
        let request =
            Request { method: "VDI.get_uuid".into(), params: vec!["OpaqueRef:s".into(), true.into()] };
        assert_eq!(
            request.write(),
            "<?xml version='1.0'?>\n<methodCall><methodName>VDI.get_uuid</methodName><params>\
             <param><value><string>OpaqueRef:s</string></value></param>\
             <param><value><boolean>1</boolean></value></param></params></methodCall>\n"
        );
        assert!(!format!("{request:?}").contains("OpaqueRef"));
    }
}
