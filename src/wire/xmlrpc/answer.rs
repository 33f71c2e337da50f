//! An answer: the one thing a plugin prints.

use super::escape::answer as escape;
use super::reader::Reader;
use super::{MAX_MEMBERS, XmlError};

/// What a plugin answers, in the only two shapes that xapi hands on to the API client.
///
/// Source of the layout: xen-api `ocaml/xapi/xapi_plugins.ml` (reading) and `XenAPIPlugin.py` (writing).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The client's call returns this string.
    Success(String),
    /// The client's call fails with exactly these: a code, then its parameters. os-xenapi unpacks three, so
    /// never send fewer.
    Failure(Vec<String>),
}

impl Answer {
    /// Writes the answer as Python's `xmlrpc` lays it out, which every xapi has been reading: `Status` first,
    /// strings only. Characters that XML cannot carry come out as U+FFFD.
    pub fn write(&self) -> String {
        let (status, name, value) = match self {
            Answer::Success(value) => ("Success", "Value", string(value)),
            Answer::Failure(description) => ("Failure", "ErrorDescription", array(description)),
        };
        let status = string(status);
        format!(
            "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><struct>\n\
             <member>\n<name>Status</name>\n{status}\n</member>\n\
             <member>\n<name>{name}</name>\n{value}\n</member>\n\
             </struct></value>\n</param>\n</params>\n</methodResponse>\n"
        )
    }

    /// Reads an answer as strictly as xapi does. Unlike xapi, which stops after the root element, this wants
    /// nothing behind it.
    pub fn read(document: &[u8]) -> Result<Self, XmlError> {
        let mut reader = Reader::new(document)?;
        for name in ["methodResponse", "params", "param", "value"] {
            reader.enter(name)?;
        }
        let members = reader.members(|reader, name| match name {
            "ErrorDescription" => read_array(reader),
            _ => Ok(vec![reader.string_value()?]),
        })?;
        for _ in 0..4 {
            reader.leave()?;
        }
        reader.finish()?;
        Self::from_members(members).ok_or_else(|| {
            reader.unexpected(
                "Status with Value or ErrorDescription",
                "a struct that is neither success nor failure".into(),
            )
        })
    }

    fn from_members(members: Vec<(String, Vec<String>)>) -> Option<Self> {
        let [(status_name, status), (name, mut value)] = <[_; 2]>::try_from(members).ok()?;
        match (status_name.as_str(), status.first()?.as_str(), name.as_str()) {
            ("Status", "Success", "Value") => value.pop().map(Answer::Success),
            ("Status", "Failure", "ErrorDescription") => Some(Answer::Failure(value)),
            _ => None,
        }
    }
}

fn string(text: &str) -> String {
    format!("<value><string>{}</string></value>", escape(text))
}

fn array(items: &[String]) -> String {
    let items: String = items.iter().map(|item| string(item) + "\n").collect();
    format!("<value><array><data>\n{items}</data></array></value>")
}

fn read_array(reader: &mut Reader<'_>) -> Result<Vec<String>, XmlError> {
    for name in ["value", "array", "data"] {
        reader.enter(name)?;
    }
    let mut items = Vec::new();
    while reader.has_more()? {
        if items.len() == MAX_MEMBERS {
            return Err(XmlError::TooMany);
        }
        items.push(reader.string_value()?);
    }
    for _ in 0..3 {
        reader.leave()?;
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_laid_out_as_python_lays_it_out() {
        assert_eq!(
            Answer::Success("S'2.1'\n.".into()).write(),
            "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><struct>\n<member>\n\
             <name>Status</name>\n<value><string>Success</string></value>\n</member>\n<member>\n\
             <name>Value</name>\n<value><string>S'2.1'\n.</string></value>\n</member>\n</struct></value>\n\
             </param>\n</params>\n</methodResponse>\n"
        );
        assert!(Answer::Failure(vec!["A".into(), "b<".into()]).write().contains(
            "<name>ErrorDescription</name>\n<value><array><data>\n<value><string>A</string></value>\n\
             <value><string>b&lt;</string></value>\n</data></array></value>\n"
        ));
    }

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        let answer = Answer::Success("a\0b\x1b[1m\u{fffe}\u{ffff}\u{7f}\u{85}\r\n\t".into());
        let read = Answer::read(answer.write().as_bytes());
        assert_eq!(
            read,
            Ok(Answer::Success("a\u{fffd}b\u{fffd}[1m\u{fffd}\u{fffd}\u{7f}\u{85}\r\n\t".into()))
        );
    }

    #[test]
    fn reads_bare_values_and_refuses_other_shapes() {
        let written = Answer::Success("x".into()).write();
        let bare = written.replace("<string>", "").replace("</string>", "");
        assert_eq!(Answer::read(bare.as_bytes()), Ok(Answer::Success("x".into())));
        for (from, to) in [
            ("Success", "Perhaps"),
            ("Value</name>", "Result</name>"),
            ("<string>x</string>", "<int>1</int>"),
            ("methodResponse", "methodCall"),
        ] {
            assert!(Answer::read(written.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        assert!(Answer::read(b"debug\n<methodResponse/>").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "(?s)[\t\n\r -\u{d7ff}\u{e000}-\u{fffd}😀]*", items in
            prop::collection::vec("(?s)[\t\n\r -\u{d7ff}]*", 0..5))
        {
            let success = Answer::Success(text);
            prop_assert_eq!(Answer::read(success.write().as_bytes()), Ok(success));
            let failure = Answer::Failure(items);
            prop_assert_eq!(Answer::read(failure.write().as_bytes()), Ok(failure));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = Answer::read(&bytes);
        }
    }
}
