//! Protocol 0 in pure ASCII: the only pickle that an XML-RPC string carries unharmed.
//!
//! Text is written so that it comes back as what the original plugins returned: ASCII as a `str` in Python 2 and
//! 3 alike, anything else as `unicode` in Python 2. No memo entries are written, since nothing is shared.

use std::fmt::Write as _;

use crate::wire::Value;

/// `value` as a pickle that Python 2.7 (`pickle` and `cPickle`) and every Python 3 read back equal.
pub fn write(value: &Value) -> String {
    let mut pickle = String::new();
    put(&mut pickle, value);
    pickle.push('.');
    pickle
}

fn put(pickle: &mut String, value: &Value) {
    match value {
        Value::None => pickle.push('N'),
        Value::Bool(true) => pickle.push_str("I01\n"),
        Value::Bool(false) => pickle.push_str("I00\n"),
        Value::Int(number) => put_int(pickle, *number),
        Value::Long(decimal) => line(pickle, format_args!("L{decimal}L")),
        Value::Float(number) => line(pickle, format_args!("F{number:?}")),
        Value::Text(text) => put_text(pickle, text),
        Value::Bytes(bytes) => put_bytes(pickle, bytes),
        Value::List(items) => put_items(pickle, items, 'l'),
        Value::Tuple(items) => put_items(pickle, items, 't'),
        Value::Dict(entries) => {
            pickle.push_str("(d");
            for (key, value) in entries {
                put(pickle, key);
                put(pickle, value);
                pickle.push('s');
            }
        }
    }
}

/// Beyond 32 bits as `LONG`: what fits a C `long` depends on the reader's platform.
fn put_int(pickle: &mut String, number: i64) {
    match i32::try_from(number) {
        Ok(number) => line(pickle, format_args!("I{number}")),
        Err(_) => line(pickle, format_args!("L{number}L")),
    }
}

fn put_items(pickle: &mut String, items: &[Value], end: char) {
    pickle.push('(');
    items.iter().for_each(|item| put(pickle, item));
    pickle.push(end);
}

fn put_text(pickle: &mut String, text: &str) {
    if text.is_ascii() {
        put_repr(pickle, text);
    } else {
        put_raw_unicode_escape(pickle, text.chars());
    }
}

/// `STRING` with a Python 2 `repr`.
fn put_repr(pickle: &mut String, text: &str) {
    pickle.push_str("S'");
    for c in text.chars() {
        match c {
            '\n' => pickle.push_str("\\n"),
            '\r' => pickle.push_str("\\r"),
            '\t' => pickle.push_str("\\t"),
            '\\' | '\'' => pickle.extend(['\\', c]),
            ' '..='~' => pickle.push(c),
            _ => put_format(pickle, format_args!("\\x{:02x}", u32::from(c))),
        }
    }
    pickle.push_str("'\n");
}

/// `UNICODE`, with everything escaped that is not printable ASCII.
fn put_raw_unicode_escape(pickle: &mut String, text: impl Iterator<Item = char>) {
    pickle.push('V');
    for c in text {
        match (c, u32::from(c)) {
            (' '..='[' | ']'..='~', _) => pickle.push(c),
            (_, code @ ..=0xffff) => put_format(pickle, format_args!("\\u{code:04x}")),
            (_, code) => put_format(pickle, format_args!("\\U{code:08x}")),
        }
    }
    pickle.push('\n');
}

/// As Python 3 does where the protocol knows no bytes: a call that gives `bytes` there and `str` in Python 2.
fn put_bytes(pickle: &mut String, bytes: &[u8]) {
    pickle.push_str("c_codecs\nencode\n(");
    put_raw_unicode_escape(pickle, bytes.iter().map(|byte| char::from(*byte)));
    pickle.push_str("Vlatin1\ntR");
}

fn line(pickle: &mut String, line: std::fmt::Arguments<'_>) {
    put_format(pickle, line);
    pickle.push('\n');
}

fn put_format(pickle: &mut String, text: std::fmt::Arguments<'_>) {
    pickle.write_fmt(text).expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_the_original_plugins_wrote_but_for_the_memo() {
        assert_eq!(write(&Value::from("2.1")), "S'2.1'\n.");
        assert_eq!(write(&Value::None), "N.");
        let root = Value::dict([("root", Value::dict([("uuid", "a-b".into())]))]);
        assert_eq!(write(&root), "(dS'root'\n(dS'uuid'\nS'a-b'\nss.");
    }

    #[test]
    fn another_reader_agrees() {
        let value = Value::Tuple(vec![
            Value::from("line\n\\ € 😀"),
            Value::List(vec![Value::None, true.into(), i64::MIN.into(), Value::Float(-0.1)]),
            Value::dict([("k", Value::Bytes(vec![0, 255]))]),
        ]);
        let read = serde_pickle::value_from_slice(
            write(&value).as_bytes(),
            serde_pickle::DeOptions::new().decode_strings(),
        );
        use serde_pickle::{HashableValue, Value as Other};
        let expected = Other::Tuple(vec![
            Other::String("line\n\\ € 😀".into()),
            Other::List(vec![Other::None, Other::Bool(true), Other::I64(i64::MIN), Other::F64(-0.1)]),
            Other::Dict([(HashableValue::String("k".into()), Other::Bytes(vec![0, 255]))].into()),
        ]);
        assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn is_pure_printable_ascii() {
        let every: String = ('\0'..='\u{2ff}').chain(['😀', '\u{ffff}']).collect();
        let value = Value::Tuple(vec![
            Value::from(every.as_str()),
            Value::from(&every[..128]),
            Value::Bytes((0..=255).collect()),
        ]);
        assert!(write(&value).bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
    }
}
