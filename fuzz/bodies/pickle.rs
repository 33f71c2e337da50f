//! Pickles: what is read can be written and read again, and what is written reads back equal.

use std::collections::HashSet;

use vhd_porter::wire::pickle::{self, MAX_BYTES, PickleError};
use vhd_porter::wire::{Value, json};

use super::input::Input;

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    match input.byte() % 3 {
        0 => any_pickle(pickle::read(input.0)),
        1 => {
            let text = String::from_utf8_lossy(input.0);
            any_pickle(pickle::read_text(&text));
            if let Ok(value) = json::read(&text) {
                comes_back(&value);
            }
        }
        _ => comes_back(&value(&mut input, 8)),
    }
}

fn any_pickle(read: Result<Value, PickleError>) {
    match read {
        Ok(value) => comes_back(&value),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn comes_back(value: &Value) {
    let written = pickle::write(value);
    assert!(written.is_ascii());
    let _ = json::write(value);
    // References may unfold to more than any pickle without them may say.
    if written.len() <= MAX_BYTES {
        let read = pickle::read(written.as_bytes()).expect("what we write can be read");
        // Not `==`: a NaN is no less itself for having travelled.
        assert_eq!(format!("{read:?}"), format!("{value:?}"), "{written}");
        assert_eq!(
            format!("{:?}", pickle::read_text(&written).expect("protocol 0 is text")),
            format!("{read:?}")
        );
    }
}

/// A value of the input's making, `depth` deep at most.
fn value(input: &mut Input<'_>, depth: usize) -> Value {
    match input.byte() % if depth == 0 { 7 } else { 10 } {
        0 => Value::None,
        1 => Value::Bool(input.byte() & 1 != 0),
        2 => Value::Int(i64::from_le_bytes(input.array())),
        3 => {
            let number = i128::from_le_bytes(input.array());
            Value::from_decimal(&number.to_string()).expect("a decimal")
        }
        4 => Value::Float(f64::from_bits(u64::from_le_bytes(input.array()))),
        5 => Value::Text(input.text()),
        6 => {
            let count = input.byte().into();
            Value::Bytes(input.take(count).to_vec())
        }
        7 => Value::List(values(input, depth)),
        8 => Value::Tuple(values(input, depth)),
        _ => {
            let mut keys = HashSet::new();
            let entries: Vec<_> =
                values(input, depth).into_iter().map(|key| (key, value(input, depth - 1))).collect();
            let once = entries
                .into_iter()
                .filter(|(key, _)| hashable(key) && keys.insert(format!("{key:?}")))
                .collect();
            Value::Dict(once)
        }
    }
}

fn values(input: &mut Input<'_>, depth: usize) -> Vec<Value> {
    let count = usize::from(input.byte() % 6);
    (0..count).map(|_| value(input, depth - 1)).collect()
}

fn hashable(key: &Value) -> bool {
    match key {
        Value::List(_) | Value::Dict(_) => false,
        Value::Tuple(items) => items.iter().all(hashable),
        _ => true,
    }
}
