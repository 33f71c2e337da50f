//! What the words on the command line mean.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use uuid::Uuid;

use crate::pipeline::{Form, parse_uuid};
use crate::stream::Algorithm;
use crate::tool::Choice;

pub(super) fn uuid(text: &str) -> Result<Uuid, String> {
    parse_uuid(text).map_err(|e| e.to_string())
}

pub(super) fn tool() -> impl TypedValueParser<Value = Choice> {
    PossibleValuesParser::new(Choice::NAMES).try_map(|name| name.parse::<Choice>())
}

pub(super) fn form() -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Form::NAMES).try_map(|name| name.parse::<Form>())
}

pub(super) fn digest() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(Algorithm::NAMES)
        .try_map(|name| Algorithm::named(&name).ok_or_else(|| format!("no digest is called {name}")))
}

/// A number from 1, or 0 for `store`.
pub(super) fn level(text: &str) -> Result<u64, String> {
    match text.parse() {
        _ if text == "store" => Ok(0),
        Ok(level @ 1..) => Ok(level),
        _ => Err("expected a level from 1, or store".to_owned()),
    }
}

/// Bytes, or a number with K, M, G or T of 1024.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KIB" => 10,
        "M" | "MIB" => 20,
        "G" | "GIB" => 30,
        "T" | "TIB" => 40,
        unit => return Err(format!("unknown unit {unit:?}: expected K, M, G or T")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("expected a whole number, found {digits:?}"))?;
    number.checked_mul(1 << shift).ok_or_else(|| "more bytes than can be counted".to_owned())
}
