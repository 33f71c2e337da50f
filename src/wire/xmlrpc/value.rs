//! A [`Value`] in XML-RPC, with the types that XenAPI uses.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::escape::{answer as escape, excerpt};
use super::reader::{Content, Reader};
use super::{MAX_DEPTH, MAX_VALUES, XmlError};
use crate::wire::Value;

/// Writes `value`. Integers become decimal texts, because XenAPI's 64-bit integers travel so (xen-api
/// `ocaml/doc/wire-protocol.md`).
pub(super) fn write(value: &Value) -> String {
    let inner = match value {
        Value::None => "<nil/>".to_owned(),
        Value::Bool(bool) => format!("<boolean>{}</boolean>", u8::from(*bool)),
        Value::Int(number) => format!("<string>{number}</string>"),
        Value::Long(text) | Value::Text(text) => format!("<string>{}</string>", escape(text)),
        Value::Float(number) => format!("<double>{number}</double>"),
        Value::Bytes(bytes) => format!("<base64>{}</base64>", STANDARD.encode(bytes)),
        Value::List(items) | Value::Tuple(items) => {
            let items: String = items.iter().map(write).collect();
            format!("<array><data>{items}</data></array>")
        }
        Value::Dict(entries) => {
            let member = |(key, value): &(Value, Value)| {
                let name = key.as_text().map_or_else(|| write(key), escape);
                format!("<member><name>{name}</name>{}</member>", write(value))
            };
            format!("<struct>{}</struct>", entries.iter().map(member).collect::<String>())
        }
    };
    format!("<value>{inner}</value>")
}

/// Reads values, and bounds how many and how deep.
#[derive(Debug)]
pub(super) struct Budget {
    values: usize,
    depth: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { values: MAX_VALUES, depth: MAX_DEPTH }
    }
}

impl Budget {
    /// `<value>` and all that is in it. Times and texts are texts.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>) -> Result<Value, XmlError> {
        self.values = self.values.checked_sub(1).ok_or(XmlError::TooMany)?;
        self.depth = self.depth.checked_sub(1).ok_or(XmlError::TooDeep)?;
        let value = match reader.value()? {
            Content::Text(text) => Value::Text(text),
            Content::Element(name) => {
                let value = self.typed(reader, &name)?;
                reader.leave()?;
                value
            }
        };
        self.depth += 1;
        Ok(value)
    }

    /// Inside `<name>`, up to and with its end.
    fn typed(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<Value, XmlError> {
        match name {
            "array" => return self.array(reader),
            "struct" => return self.members(reader),
            _ => {}
        }
        let text = reader.text()?;
        let wrong = |expected: &str| Err(reader.unexpected(expected, format!("{:?}", excerpt(&text))));
        match name {
            "string" | "dateTime.iso8601" => Ok(Value::Text(text)),
            "int" | "i4" | "i8" => Value::from_decimal(text.trim()).map_or_else(|| wrong("an integer"), Ok),
            "double" => text.trim().parse().map(Value::Float).or_else(|_| wrong("a number")),
            "boolean" => match text.trim() {
                "0" => Ok(Value::Bool(false)),
                "1" => Ok(Value::Bool(true)),
                _ => wrong("0 or 1"),
            },
            "nil" if text.trim().is_empty() => Ok(Value::None),
            "base64" => {
                let packed: String = text.split_ascii_whitespace().collect();
                STANDARD.decode(packed).map(Value::Bytes).or_else(|_| wrong("base64"))
            }
            _ => Err(reader.unexpected("a type of XML-RPC", format!("<{}>", excerpt(name)))),
        }
    }

    fn array(&mut self, reader: &mut Reader<'_>) -> Result<Value, XmlError> {
        reader.enter("data")?;
        let mut items = Vec::new();
        while reader.has_more()? {
            items.push(self.read(reader)?);
        }
        reader.leave()?;
        reader.leave()?;
        Ok(Value::List(items))
    }

    fn members(&mut self, reader: &mut Reader<'_>) -> Result<Value, XmlError> {
        let (mut names, mut entries) = (BTreeSet::new(), Vec::new());
        while reader.has_more()? {
            reader.enter("member")?;
            let name = reader.text_element("name")?;
            if !names.insert(name.clone()) {
                return Err(XmlError::Duplicate { name: excerpt(&name).into_owned() });
            }
            let value = self.read(reader)?;
            reader.leave()?;
            entries.push((Value::Text(name), value));
        }
        reader.leave()?;
        Ok(Value::Dict(entries))
    }
}
