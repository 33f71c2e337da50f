//! JSON both ways: the modern way to call a plugin, and to get its answer.
//!
//! Reading gives text, numbers, lists and dicts with text keys; a key that stands twice in one object is an error.
//! Writing loses what JSON cannot say: a tuple becomes an array, bytes become base64 text, an integer beyond 64
//! bits becomes its decimal text, an infinite float or NaN becomes `null`, and a dict key that is not text becomes
//! text as Python's `json` makes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::HashSet;
use std::fmt;

use super::Value;

/// Why a text is not JSON we accept, and where; nested deeper than 128 levels included.
#[derive(Debug, thiserror::Error)]
#[error("not JSON: {0}")]
pub struct JsonError(String);

/// Reads one JSON value.
pub fn read(text: &str) -> Result<Value, JsonError> {
    serde_json::from_str(text).map_err(|error| JsonError(error.to_string()))
}

/// Writes `value` on one line.
pub fn write(value: &Value) -> String {
    serde_json::to_string(value).expect("every Value has a JSON form and a String cannot fail")
}

/// `text` as it is if it is JSON, else as a JSON string: os-xenapi xenstore.py `jsonify`. `NaN` is no JSON.
pub fn jsonified(text: String) -> String {
    match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_) => text,
        Err(_) => write(&Value::Text(text)),
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::None => serializer.serialize_unit(),
            Value::Bool(bool) => serializer.serialize_bool(*bool),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Long(decimal) => match decimal.parse() {
                Ok(number) => serializer.serialize_u64(number),
                Err(_) => serializer.serialize_str(decimal),
            },
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.serialize_str(&STANDARD.encode(bytes)),
            Value::List(items) | Value::Tuple(items) => items.serialize(serializer),
            Value::Dict(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(&key_text(key), value)?;
                }
                map.end()
            }
        }
    }
}

/// A dict key as text.
fn key_text(key: &Value) -> String {
    match key {
        Value::Text(text) => text.clone(),
        other => write(other).trim_matches('"').to_owned(),
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Value, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut dict = Vec::new();
        let mut seen = HashSet::new();
        while let Some((key, value)) = entries.next_entry::<String, Value>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands twice in one object")));
            }
            dict.push((Value::Text(key), value));
        }
        Ok(Value::Dict(dict))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_types() {
        let text = r#"{"z":[1,-2,1.5,true,null],"a":{"k":"ä\n"},"big":18446744073709551615}"#;
        let value = read(text).unwrap();
        assert_eq!(value.get("big"), Some(&Value::Long(u64::MAX.to_string())));
        assert_eq!(write(&value), text);
    }

    #[test]
    fn writes_what_json_cannot_say_as_documented() {
        let value = Value::Dict(vec![
            (Value::Int(1), Value::Bytes(vec![0, 255])),
            (Value::None, Value::Float(f64::NAN)),
            (Value::Bool(true), Value::Tuple(vec![Value::Long("-99999999999999999999".into())])),
        ]);
        assert_eq!(write(&value), r#"{"1":"AP8=","null":null,"true":["-99999999999999999999"]}"#);
    }

    #[test]
    fn what_is_json_is_not_touched() {
        for (text, json) in [
            ("", r#""""#),
            ("None", r#""None""#),
            ("a\"b", r#""a\"b""#),
            ("17", "17"),
            (r#" {"a": 1,"a" :[]}"#, r#" {"a": 1,"a" :[]}"#),
            ("{", r#""{""#),
        ] {
            assert_eq!(jsonified(text.to_owned()), json);
        }
    }

    #[test]
    fn refuses_a_key_that_stands_twice() {
        assert!(read(r#"{"a":1,"a":2}"#).unwrap_err().to_string().contains("\"a\" stands twice"));
    }

    #[test]
    fn refuses_deep_nesting_and_trailing_text() {
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read("1 2").is_err());
    }
}
