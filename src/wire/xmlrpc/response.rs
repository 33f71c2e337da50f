//! A response: what xapi answers a client.

use super::XmlError;
use super::reader::Reader;
use super::value::Budget;
use crate::wire::Value;

/// What xapi answers a [`Request`](super::Request).
///
/// Source of the layout: xen-api `ocaml/doc/wire-protocol.md` and `ocaml/libs/http-lib/xMLRPC.ml`.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// The method returned this.
    Success(Value),
    /// The method failed: an error code and its parameters.
    Failure(Vec<String>),
    /// There was no method to fail: the call itself was wrong.
    Fault(String),
}

impl Response {
    /// Reads a response. Anything but exactly one of the three shapes is refused.
    pub fn read(document: &[u8]) -> Result<Self, XmlError> {
        let mut reader = Reader::new(document)?;
        reader.enter("methodResponse")?;
        let fault = reader.enter_one_of(["params", "fault"])? == "fault";
        if !fault {
            reader.enter("param")?;
        }
        let value = Budget::default().read(&mut reader)?;
        for _ in 0..(if fault { 2 } else { 3 }) {
            reader.leave()?;
        }
        reader.finish()?;
        let response = if fault { Self::fault(&value) } else { Self::status(value) };
        response.ok_or_else(|| {
            reader.unexpected(
                "Status with Value or ErrorDescription, or a fault",
                "something that is neither success nor failure".to_owned(),
            )
        })
    }

    fn fault(value: &Value) -> Option<Self> {
        Some(Self::Fault(value.get("faultString")?.as_text()?.to_owned()))
    }

    fn status(value: Value) -> Option<Self> {
        let success = match value.get("Status")?.as_text()? {
            "Success" => true,
            "Failure" => false,
            _ => return None,
        };
        let Value::Dict(members) = value else { return None };
        let name = if success { "Value" } else { "ErrorDescription" };
        let (_, content) = members.into_iter().find(|(key, _)| key.as_text() == Some(name))?;
        if success {
            return Some(Self::Success(content));
        }
        let items: Option<Vec<String>> =
            content.as_items()?.iter().map(|item| item.as_text().map(str::to_owned)).collect();
        items.filter(|items| !items.is_empty()).map(Self::Failure)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MAX_DEPTH, MAX_VALUES, value};
    use super::*;
    use proptest::prelude::*;

    fn success(value: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct><member><name>Status</name>\
             <value>Success</value></member><member><name>Value</name>{value}</member></struct></value></param>\
             </params></methodResponse>"
        )
    }

    fn read(value: &str) -> Result<Value, XmlError> {
        match Response::read(success(value).as_bytes())? {
            Response::Success(value) => Ok(value),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_type_of_xenapi_is_read() {
        for (xml, value) in [
            ("<value/>", Value::from("")),
            ("<value>\n</value>", "\n".into()),
            ("<value>OpaqueRef:1</value>", "OpaqueRef:1".into()),
            ("<value> a &lt; <![CDATA[b]]></value>", " a < b".into()),
            ("<value>\n<string> x </string>\n</value>", " x ".into()),
            ("<value><i4>-7</i4></value>", (-7).into()),
            ("<value><boolean>1</boolean></value>", true.into()),
            ("<value><double>0.5</double></value>", Value::Float(0.5)),
            (
                "<value><dateTime.iso8601>20240301T12:00:00Z</dateTime.iso8601></value>",
                "20240301T12:00:00Z".into(),
            ),
            ("<value><nil/></value>", Value::None),
            ("<value><base64>AP8=\n</base64></value>", Value::Bytes(vec![0, 255])),
            ("<value><array><data/></array></value>", Value::List(vec![])),
            (
                "<value><array><data> <value>a</value> <value/></data></array></value>",
                Value::texts(["a", ""]),
            ),
            ("<value><struct/></value>", Value::Dict(vec![])),
            (
                "<value><struct><member><name/><value><struct><member><name>b</name><value>c</value></member>\
                 </struct></value></member></struct></value>",
                Value::dict([("", Value::dict([("b", "c".into())]))]),
            ),
        ] {
            assert_eq!(read(xml), Ok(value), "{xml}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused_where_it_stands() {
        for (xml, message) in [
            ("<value><boolean>true</boolean></value>", "expected 0 or 1 at 1:"),
            ("<value><i4>1e3</i4></value>", "expected an integer at 1:"),
            ("<value><double>one</double></value>", "expected a number at 1:"),
            ("<value><base64>*</base64></value>", "expected base64 at 1:"),
            ("<value><date>1</date></value>", "expected a type of XML-RPC at 1:"),
            ("<value><nil>1</nil></value>", "expected a type of XML-RPC at 1:"),
            ("<value>a<string>b</string></value>", "expected text at 1:"),
            ("<value><string>b</string>a</value>", "expected the end of the element at 1:"),
            ("<value type='x'/>", "expected a plain element at 1:"),
            ("<value><array><value/></array></value>", "expected <data> at 1:"),
            (
                "<value><struct><member><name>a</name><value/></member><member><name>a</name><value/></member>\
                 </struct></value>",
                "the member a stands twice",
            ),
            ("", "expected <value> at 1:"),
        ] {
            let said = read(xml).unwrap_err().to_string();
            assert!(said.starts_with(message), "{xml}: {said}");
        }
    }

    #[test]
    fn failures_and_faults_are_told_apart() {
        let failure = "<methodResponse><params><param><value><struct><member><name>Status</name><value>Failure\
             </value></member><member><name>ErrorDescription</name><value><array><data><value>HANDLE_INVALID</value>\
             <value>VDI</value></data></array></value></member></struct></value></param></params></methodResponse>";
        let items = ["HANDLE_INVALID", "VDI"].map(str::to_owned).to_vec();
        assert_eq!(Response::read(failure.as_bytes()), Ok(Response::Failure(items)));
        let fault = "<methodResponse><fault><value><struct><member><name>faultCode</name><value><i4>1</i4></value>\
             </member><member><name>faultString</name><value>why</value></member></struct></value></fault>\
             </methodResponse>";
        assert_eq!(Response::read(fault.as_bytes()), Ok(Response::Fault("why".into())));
        for (from, to) in
            [("Failure", "Perhaps"), ("ErrorDescription", "Value"), ("HANDLE_INVALID", "<i4>1</i4>")]
        {
            assert!(Response::read(failure.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }

    #[test]
    fn bombs_are_refused_before_they_cost_anything() {
        let deep = "<value><array><data>".repeat(MAX_DEPTH + 1);
        assert_eq!(read(&deep), Err(XmlError::TooDeep));
        let wide = format!("<value><array><data>{}</data></array></value>", "<value/>".repeat(MAX_VALUES));
        assert_eq!(read(&wide), Err(XmlError::TooMany));
        let laughs =
            format!("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\">]>{}", &success("<value>&a;</value>")[21..]);
        assert!(matches!(Response::read(laughs.as_bytes()), Err(XmlError::Doctype { .. })), "{laughs}");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            "(?s)[\t\n -\u{d7ff}😀]*".prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::btree_map("[a-z]{0,6}", inner, 0..4).prop_map(Value::dict),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in values()) {
            prop_assert_eq!(read(&value::write(&value)), Ok(value));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = Response::read(&bytes);
        }
    }
}
