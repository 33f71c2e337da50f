//! Pickles that had to travel as text.

use ::base64::Engine as _;
use ::base64::alphabet;
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{PickleError, read};
use crate::wire::Value;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Reads a pickle from text: the pickle itself, one character a byte (protocol 0, the only one that survives in
/// XML), or any pickle in base64 of either alphabet, padded or not, lines broken or not. A pickle ends with a
/// `.`, which base64 does not know, so the two cannot be confused.
pub fn read_text(text: &str) -> Result<Value, PickleError> {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/-_=".contains(c) || c.is_ascii_whitespace();
    if !text.chars().all(is_base64) {
        // A protocol 0 pickle holds characters up to U+00FF as single bytes; xapi hands them on as UTF-8.
        let bytes: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
        return read(&bytes.map_err(|_| PickleError::NotText("it holds characters beyond U+00FF"))?);
    }
    let packed: String = text.split_ascii_whitespace().collect();
    if packed.is_empty() {
        return Err(PickleError::NotText("it is empty"));
    }
    let decoded = STANDARD.decode(&packed).or_else(|_| URL_SAFE.decode(&packed));
    read(&decoded.map_err(|_| PickleError::NotText("its base64 is malformed"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_pickle_or_its_base64() {
        let expected = Value::List(vec![Value::Int(1), Value::from("é?>")]);
        let raw = "(lp0\nI1\naV\u{e9}?>\np1\na.";
        let bytes: Vec<u8> = raw.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        assert_eq!(read_text(raw), Ok(expected.clone()));
        let wrapped = STANDARD.encode(&bytes).replace("Sg", "S\ng");
        for text in [STANDARD.encode(&bytes), URL_SAFE.encode(&bytes), wrapped] {
            assert_eq!(read_text(&text), Ok(expected.clone()), "{text}");
            assert_eq!(read_text(text.trim_end_matches('=')), Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_other_text() {
        for (text, expected) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("abcde", "its base64 is malformed"),
            ("V\u{20ac}\n.", "it holds characters beyond U+00FF"),
        ] {
            assert_eq!(read_text(text), Err(PickleError::NotText(expected)));
        }
    }
}
