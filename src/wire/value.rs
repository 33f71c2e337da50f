//! [`Value`]: what a plugin is given and what it returns, whatever it was written in on the way.
//!
//! The variants are Python's, since Python's pickles are what os-xenapi sends: lists and tuples stay apart, and
//! so do text and bytes. A Python 2 `str` is text when it is UTF-8 and bytes otherwise.

/// A plain Python value: no classes, no functions, no cycles.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits 64 bits with a sign.
    Int(i64),
    /// An integer beyond that, in canonical decimal: an optional `-`, then digits without leading zeros.
    Long(String),
    /// A float; infinities and NaN included.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes that are not text.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A dict in the order it was written. Readers leave every key in it once, the last one given.
    Dict(Vec<(Value, Value)>),
}

impl Value {
    /// A dict with text keys: `Value::dict([("uuid", "…".into())])`.
    pub fn dict<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::Dict(entries.into_iter().map(|(key, value)| (Value::Text(key.into()), value)).collect())
    }

    /// A list of texts.
    pub fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Self {
        Value::List(items.into_iter().map(|item| Value::Text(item.into())).collect())
    }

    /// Text when `bytes` are UTF-8, bytes otherwise: what becomes of a Python 2 `str`.
    pub fn from_python2_str(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Bytes(error.into_bytes()),
        }
    }

    /// The integer written in `decimal` (an optional sign and ASCII digits), [`Value::Int`] where it fits;
    /// `None` if it is not one.
    pub fn from_decimal(decimal: &str) -> Option<Self> {
        let (negative, digits) = match decimal.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, decimal.strip_prefix('+').unwrap_or(decimal)),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if let Ok(number) = decimal.parse() {
            return Some(Value::Int(number));
        }
        let digits = digits.trim_start_matches('0');
        Some(Value::Long(if negative { format!("-{digits}") } else { digits.to_owned() }))
    }

    /// The Python name of this value's type, for messages that must not show the value itself.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Long(_) => "int",
            Value::Float(_) => "float",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Dict(_) => "dict",
        }
    }

    /// The text, if this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What Python's `str` makes of a text, an integer, a bool or `None`; nothing of anything else.
    pub fn to_python_text(&self) -> Option<String> {
        match self {
            Value::None => Some("None".to_owned()),
            Value::Bool(true) => Some("True".to_owned()),
            Value::Bool(false) => Some("False".to_owned()),
            Value::Int(number) => Some(number.to_string()),
            Value::Long(text) | Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The items, if this is a list or a tuple.
    pub fn as_items(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) | Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if this is a dict.
    pub fn as_dict(&self) -> Option<&[(Value, Value)]> {
        match self {
            Value::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// What the text `key` stands for, if this is a dict that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_dict()?.iter().rev().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Value::Bool(bool)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Value::Int(number.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Value::Long(number.to_string()), Value::Int)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::None, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_canonical() {
        for (decimal, value) in [
            ("0", Some(Value::Int(0))),
            ("-0", Some(Value::Int(0))),
            ("+007", Some(Value::Int(7))),
            ("-9223372036854775808", Some(Value::Int(i64::MIN))),
            ("9223372036854775808", Some(Value::Long("9223372036854775808".into()))),
            ("-0009223372036854775809", Some(Value::Long("-9223372036854775809".into()))),
            ("", None),
            ("-", None),
            ("+-1", None),
            ("1_000", None),
            ("0x10", None),
            ("١", None),
        ] {
            assert_eq!(Value::from_decimal(decimal), value, "{decimal:?}");
        }
    }

    #[test]
    fn unsigned_numbers_beyond_64_signed_bits_are_long() {
        assert_eq!(Value::from(u64::MAX), Value::Long("18446744073709551615".into()));
        assert_eq!(Value::from(7_u64), Value::Int(7));
    }

    #[test]
    fn scalars_are_spelled_as_python_spells_them() {
        for (value, text) in [
            (Value::None, Some("None")),
            (Value::Bool(true), Some("True")),
            (Value::Int(-7), Some("-7")),
            (Value::from("text"), Some("text")),
            (Value::Bytes(vec![0xff]), None),
            (Value::List(Vec::new()), None),
        ] {
            assert_eq!(value.to_python_text().as_deref(), text);
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let dict = Value::dict([("a", Value::Int(1)), ("a", Value::Int(2))]);
        assert_eq!(dict.get("a"), Some(&Value::Int(2)));
        assert_eq!(dict.get("b"), None);
    }
}
