//! The two calls that are spellings of `bytes`, and nothing else that could be called.
//!
//! Python 3 writes `bytes` in protocols 0 to 2, which know no bytes, so that Python 2 reads a `str`:
//! `_codecs.encode(text, 'latin1')`, and for the empty one `__builtin__.bytes()` (`builtins` without its
//! compatibility mapping). Seen with every Python 3 from 3.6 to 3.13.

use crate::wire::Value;

/// A name that may stand in front of `REDUCE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `_codecs.encode`.
    Encode,
    /// `__builtin__.bytes` or `builtins.bytes`.
    Bytes,
}

impl Global {
    /// The one of the two that is named, if it is.
    pub(super) fn named(module: &[u8], name: &[u8]) -> Option<Self> {
        match (module, name) {
            (b"_codecs", b"encode") => Some(Self::Encode),
            (b"__builtin__" | b"builtins", b"bytes") => Some(Self::Bytes),
            _ => None,
        }
    }

    /// The bytes that a call of this with `arguments` spells; `None` if it is any other call.
    pub(super) fn spelled(self, arguments: &[&Value]) -> Option<Value> {
        match (self, arguments) {
            (Self::Bytes, []) => Some(Value::Bytes(Vec::new())),
            (Self::Encode, [Value::Text(text), Value::Text(encoding)]) if encoding == "latin1" => {
                let bytes: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
                bytes.ok().map(Value::Bytes)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_spellings_of_bytes_pass() {
        let (text, latin1) = (Value::from("a\u{ff}"), Value::from("latin1"));
        assert_eq!(Global::Encode.spelled(&[&text, &latin1]), Some(Value::Bytes(b"a\xff".to_vec())));
        assert_eq!(Global::Bytes.spelled(&[]), Some(Value::Bytes(Vec::new())));
        assert_eq!(Global::Encode.spelled(&[&Value::from("€"), &latin1]), None);
        assert_eq!(Global::Encode.spelled(&[&text, &Value::from("rot13")]), None);
        assert_eq!(Global::Encode.spelled(&[&text]), None);
        assert_eq!(Global::Bytes.spelled(&[&Value::Int(1 << 40)]), None);
        assert_eq!(Global::named(b"__builtin__", b"bytearray"), None);
        assert_eq!(Global::named(b"os", b"system"), None);
    }
}
