//! XML-RPC as xapi writes and reads it, by other code than the program's.

use serde_json::{Map, Value};
use xml::reader::{EventReader, XmlEvent};

/// An element, its text and what is in it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    inside: Vec<Element>,
}

impl Element {
    fn read(document: &[u8]) -> Option<Self> {
        let mut open = vec![Self::default()];
        for event in EventReader::new(document) {
            match event.ok()? {
                XmlEvent::StartElement { name, .. } => {
                    open.push(Self { name: name.local_name, ..Self::default() });
                }
                XmlEvent::Characters(text) | XmlEvent::Whitespace(text) => open.last_mut()?.text += &text,
                XmlEvent::EndElement { .. } => {
                    let element = open.pop()?;
                    open.last_mut()?.inside.push(element);
                }
                _ => {}
            }
        }
        open.pop()?.inside.pop()
    }

    fn first(&self, name: &str) -> Option<&Self> {
        self.inside.iter().find(|element| element.name == name)
    }

    /// A `<value>`.
    fn value(&self) -> Option<Value> {
        let Some(typed) = self.inside.first() else { return Some(Value::from(self.text.clone())) };
        Some(match typed.name.as_str() {
            "string" => typed.text.clone().into(),
            "boolean" => (typed.text == "1").into(),
            "array" => typed.first("data")?.inside.iter().map(Self::value).collect::<Option<_>>()?,
            "struct" => {
                let member = |m: &Self| Some((m.first("name")?.text.clone(), m.first("value")?.value()?));
                Value::Object(typed.inside.iter().map(member).collect::<Option<Map<_, _>>>()?)
            }
            _ => return None,
        })
    }
}

/// Method and parameters of a call, without the session at its head.
pub(super) fn call(document: &[u8]) -> Option<(String, Vec<Value>)> {
    let call = Element::read(document)?;
    let method = call.first("methodName")?.text.clone();
    let params = &call.first("params")?.inside;
    let mut params: Vec<Value> =
        params.iter().map(|param| param.first("value")?.value()).collect::<Option<_>>()?;
    if !method.starts_with("session.login") {
        params.remove(0);
    }
    Some((method, params))
}

pub(super) fn success(value: &Value) -> String {
    response("Success", "Value", &written(value))
}

pub(super) fn failure(description: &[String]) -> String {
    response("Failure", "ErrorDescription", &written(&description.into()))
}

fn response(status: &str, name: &str, value: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct><member><name>Status</name>\
         <value>{status}</value></member><member><name>{name}</name>{value}</member></struct></value></param>\
         </params></methodResponse>"
    )
}

/// Texts bare, and nothing between elements.
fn written(value: &Value) -> String {
    let inner = match value {
        Value::String(text) => escaped(text),
        Value::Bool(bool) => format!("<boolean>{}</boolean>", u8::from(*bool)),
        Value::Array(items) => {
            format!("<array><data>{}</data></array>", items.iter().map(written).collect::<String>())
        }
        Value::Object(entries) => {
            let member = |(name, value): (&String, &Value)| {
                format!("<member><name>{}</name>{}</member>", escaped(name), written(value))
            };
            format!("<struct>{}</struct>", entries.iter().map(member).collect::<String>())
        }
        other => panic!("XenAPI writes integers as texts: {other}"),
    };
    if inner.is_empty() { "<value/>".to_owned() } else { format!("<value>{inner}</value>") }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
