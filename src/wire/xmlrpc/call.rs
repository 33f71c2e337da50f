//! A call: what xapi hands a plugin as its only argument.

use super::escape::{BLANKS, call_element};
use super::reader::Reader;
use super::{MAX_MEMBERS, XmlError};

/// `host.call_plugin` as it reaches the plugin.
///
/// Source of the layout: xen-api `ocaml/xapi/xapi_plugins.ml` and `ocaml/libs/http-lib/xMLRPC.ml`.
#[derive(Clone, PartialEq, Eq)]
pub struct MethodCall {
    /// The function to call.
    pub method: String,
    /// The session the caller has with xapi. Whoever knows it can use it: not for messages.
    pub session: String,
    /// The caller's map of strings, in its order, each key once.
    pub arguments: Vec<(String, String)>,
}

impl MethodCall {
    /// Reads a call: as xapi writes it, and as XML-RPC libraries do, with `<string>`, CDATA, entities, blanks
    /// between elements and an XML declaration.
    pub fn read(document: &[u8]) -> Result<Self, XmlError> {
        let mut reader = Reader::new(document)?;
        reader.enter("methodCall")?;
        let method = reader.text_element("methodName")?.trim_matches(BLANKS).to_owned();
        if method.is_empty() {
            return Err(reader.unexpected("the name of a function", "an empty one".to_owned()));
        }
        reader.enter("params")?;
        reader.enter("param")?;
        let session = reader.string_value()?;
        reader.leave()?;
        reader.enter("param")?;
        reader.enter("value")?;
        let arguments = reader.members(|reader, _| reader.string_value())?;
        // Out of the value, the param, the params and the methodCall.
        for _ in 0..4 {
            reader.leave()?;
        }
        reader.finish()?;
        Ok(Self { method, session, arguments })
    }

    /// Writes the call byte for byte as xapi does: no declaration, no blanks, no `<string>`.
    pub fn write(&self) -> String {
        debug_assert!(self.arguments.len() <= MAX_MEMBERS, "no reader takes that many arguments");
        let members: String = self
            .arguments
            .iter()
            .map(|(name, value)| {
                format!("<member>{}{}</member>", call_element("name", name), call_element("value", value))
            })
            .collect();
        let map =
            if members.is_empty() { "<struct/>".to_owned() } else { format!("<struct>{members}</struct>") };
        format!(
            "<methodCall>{}<params><param>{}</param><param><value>{map}</value></param></params></methodCall>",
            call_element("methodName", &self.method),
            call_element("value", &self.session),
        )
    }
}

impl std::fmt::Debug for MethodCall {
    /// Names only: the session and the arguments are the caller's secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.arguments.iter().map(|(name, _)| name.as_str()).collect();
        formatter.debug_struct("MethodCall").field("method", &self.method).field("arguments", &names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::MAX_BYTES;
    use super::*;
    use proptest::prelude::*;

    fn call(arguments: &[(&str, &str)]) -> MethodCall {
        MethodCall {
            method: "get_version".into(),
            session: "OpaqueRef:1".into(),
            arguments: arguments.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        }
    }

    #[test]
    fn writes_byte_for_byte_what_xapi_writes() {
        let written = call(&[("params", "(dp1\nS'a<b>&\"c\"'\n"), ("empty", ""), ("bell", "a\x07b")]).write();
        assert_eq!(
            written,
            "<methodCall><methodName>get_version</methodName><params><param><value>OpaqueRef:1</value></param>\
             <param><value><struct><member><name>params</name><value>(dp1\nS'a&lt;b&gt;&amp;&quot;c&quot;'\n\
             </value></member><member><name>empty</name><value/></member><member><name>bell</name>\
             <value>ab</value></member></struct></value></param></params></methodCall>"
        );
        assert!(call(&[]).write().contains("<value><struct/></value>"));
    }

    #[test]
    fn reads_the_ways_others_write_the_same_call() {
        let wrap = |value: &str| {
            format!(
                "<methodCall><methodName>get_version</methodName><params><param><value>OpaqueRef:1</value>\
                 </param><param><value><struct><member><name>k</name>{value}</member></struct></value></param>\
                 </params></methodCall>"
            )
        };
        for (value, text) in [
            ("<value>v</value>", "v"),
            ("<value/>", ""),
            ("<value></value>", ""),
            ("<value><string>v</string></value>", "v"),
            ("<value> <string> v </string>\n</value>", " v "),
            ("<value><string/></value>", ""),
            ("<value>\n v\n</value>", "\n v\n"),
            ("<value>  </value>", "  "),
            ("<value><![CDATA[<&]]>]]&#62;</value>", "<&]]>"),
            ("<value>a<!-- no -->b</value>", "ab"),
            ("<value>&#233;&#x20AC;&lt;&quot;&apos;é€😀</value>", "é€<\"'é€😀"),
            ("<value>a\r\nb\rc&#13;d</value>", "a\nb\nc\rd"),
        ] {
            assert_eq!(MethodCall::read(wrap(value).as_bytes()), Ok(call(&[("k", text)])), "{value}");
        }
        let declared =
            format!("\u{feff}<?xml version=\"1.0\" encoding='UTF-8'?>\n{}\n", wrap("<value>v</value>"));
        assert_eq!(MethodCall::read(declared.as_bytes()), Ok(call(&[("k", "v")])));
        let spaced = declared.replace("><", ">\n\t<");
        assert_eq!(MethodCall::read(spaced.as_bytes()), Ok(call(&[("k", "v")])));
        let empty = wrap("").replace("<member><name>k</name></member>", "");
        assert_eq!(MethodCall::read(empty.as_bytes()), Ok(call(&[])));
    }

    #[test]
    fn refuses_what_is_no_call_and_says_where() {
        let document = call(&[("k", "v")]).write();
        for (from, to, message) in [
            ("<value>v</value>", "<value><int>1</int></value>", "expected a string at"),
            ("<value>v</value>", "<value><struct/></value>", "found <struct>"),
            ("<value>v</value>", "<value>v<string>w</string></value>", "expected text"),
            ("<value>v</value>", "<value><string>w</string>v</value>", "expected the end of the element"),
            ("<value>v</value>", "<value a='b'>v</value>", "attributes"),
            ("<value>v</value>", "<value>&nope;</value>", "not well-formed"),
            ("<value>v</value>", "<value>&#1;</value>", "not well-formed"),
            ("<value>v</value>", "<value>\u{1}</value>", "not well-formed"),
            ("<value>v</value>", "<value>v</value><value>w</value>", "expected the end of the element"),
            ("<value>v</value>", "", "expected <value>"),
            ("get_version", " ", "expected the name of a function"),
            ("<methodCall>", "<methodCall xmlns='urn:x'>", "namespace"),
            ("<methodCall>", "<?php x?><methodCall>", "processing instruction"),
            ("<methodCall>", "<!DOCTYPE a><methodCall>", "document type"),
            ("<methodCall>", "<!DOCTYPE a [<!ENTITY b 'c'>]><methodCall>", "document type"),
            ("methodCall", "methodResponse", "expected <methodCall>"),
            ("</methodCall>", "</methodCall><x/>", "expected the end of the document"),
            ("</methodCall>", "", "not well-formed"),
            ("</params>", "<param/></params>", "found <param>"),
            (
                "</member>",
                "</member><member><name>k</name><value/></member>",
                "the member k stands twice in one struct",
            ),
        ] {
            let error = MethodCall::read(document.replace(from, to).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{to}: {error}");
        }
        assert_eq!(MethodCall::read(b"<a>\xff</a>"), Err(XmlError::NotUtf8 { offset: 3 }));
        assert!(MethodCall::read(b"").is_err());
        assert!(MethodCall::read(b"hello").is_err());
    }

    #[test]
    fn hostile_documents_end_quickly() {
        let laughs = "<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>\
             <methodCall><methodName>&c;</methodName></methodCall>";
        assert!(matches!(MethodCall::read(laughs.as_bytes()), Err(XmlError::Doctype { .. })));
        let deep = "<methodCall>".repeat(100_000);
        assert!(matches!(MethodCall::read(deep.as_bytes()), Err(XmlError::Unexpected { .. })));
        let many: Vec<(String, String)> = (0..=MAX_MEMBERS).map(|n| (n.to_string(), String::new())).collect();
        let members: String =
            many.iter().map(|(n, _)| format!("<member><name>{n}</name><value/></member>")).collect();
        let document =
            call(&[("k", "v")]).write().replace("<member><name>k</name><value>v</value></member>", &members);
        assert_eq!(MethodCall::read(document.as_bytes()), Err(XmlError::TooMany));
        let found = MAX_BYTES + 1;
        assert_eq!(MethodCall::read(&vec![b' '; found]), Err(XmlError::TooLong { found }));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            method in "[a-z_]{1,20}",
            session in "[A-Za-z0-9:-]{1,40}",
            arguments in prop::collection::btree_map("[a-z]{1,8}", "(?s)([\t\n -\u{d7ff}😀]*[!-~])?", 0..8),
        ) {
            let call = MethodCall { method, session, arguments: arguments.into_iter().collect() };
            prop_assert_eq!(MethodCall::read(call.write().as_bytes()), Ok(call));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = MethodCall::read(&bytes);
        }

        #[test]
        fn arbitrary_markup_never_panics(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "<methodCall>", "<methodName>", "</methodName>", "<params>", "<param>", "</param>", "<value>",
                "</value>", "<value/>", "<struct>", "<struct/>", "<member>", "<name>", "</name>", "<string>", "a",
                " ", "&lt;", "&#0;", "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE", "<?xml", "?>", "'", "=",
            ]), 0..40)
        ) {
            let _ = MethodCall::read(pieces.concat().as_bytes());
        }
    }
}
