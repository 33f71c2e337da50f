//! Integers of any size, from two's complement to decimal.

use crate::wire::Value;

/// The integer whose little-endian two's complement is `bytes` (`LONG1`, `LONG4`); none means zero.
pub(super) fn from_twos_complement(bytes: &[u8]) -> Value {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    if let Some(small) = small(bytes, negative) {
        return Value::Int(small);
    }
    let decimal = decimal(magnitude(bytes, negative));
    Value::Long(if negative { format!("-{decimal}") } else { decimal })
}

fn small(bytes: &[u8], negative: bool) -> Option<i64> {
    let fill = if negative { 0xff } else { 0 };
    let mut array = [fill; 8];
    let (low, high) = bytes.split_at(bytes.len().min(8));
    array[..low.len()].copy_from_slice(low);
    let number = i64::from_le_bytes(array);
    (high.iter().all(|byte| *byte == fill) && (number < 0) == negative).then_some(number)
}

/// The absolute value, little-endian.
fn magnitude(bytes: &[u8], negative: bool) -> Vec<u8> {
    if !negative {
        return bytes.to_vec();
    }
    let mut carry = true;
    bytes
        .iter()
        .map(|byte| {
            let (sum, overflow) = (!byte).overflowing_add(carry.into());
            carry = overflow;
            sum
        })
        .collect()
}

/// `magnitude` in decimal, by dividing it by ten to the ninth until nothing is left.
fn decimal(mut magnitude: Vec<u8>) -> String {
    const BASE: u64 = 1_000_000_000;
    let mut groups = Vec::new();
    while magnitude.iter().any(|byte| *byte != 0) {
        let mut remainder = 0;
        for byte in magnitude.iter_mut().rev() {
            let dividend = remainder << 8 | u64::from(*byte);
            *byte = u8::try_from(dividend / BASE)
                .expect("the remainder is below BASE, so the quotient is a byte");
            remainder = dividend % BASE;
        }
        groups.push(remainder);
    }
    let mut groups = groups.into_iter().rev();
    let mut decimal = groups.next().unwrap_or(0).to_string();
    groups.for_each(|group| decimal.push_str(&format!("{group:09}")));
    decimal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_128_bit_arithmetic() {
        let edges =
            [0, 1, 255, 1 << 31, i128::from(i64::MAX), i128::from(i64::MAX) + 1, i128::MAX, i128::MIN];
        for edge in edges {
            for number in [edge, edge.wrapping_neg(), edge.wrapping_sub(1), edge.wrapping_mul(7)] {
                let expected = Value::from_decimal(&number.to_string()).unwrap();
                assert_eq!(from_twos_complement(&number.to_le_bytes()), expected, "{number}");
            }
        }
    }

    #[test]
    fn sign_bytes_make_no_difference() {
        assert_eq!(from_twos_complement(&[]), Value::Int(0));
        assert_eq!(from_twos_complement(&[0xff]), Value::Int(-1));
        assert_eq!(from_twos_complement(&[0xff; 30]), Value::Int(-1));
        assert_eq!(from_twos_complement(&[5, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Value::Int(5));
        assert_eq!(
            from_twos_complement(&[0, 0, 0, 0, 0, 0, 0, 0x80, 0]),
            Value::Long("9223372036854775808".into())
        );
        assert_eq!(
            from_twos_complement(&[0, 0, 0, 0, 0, 0, 0, 0, 0x80]),
            Value::Long("-2361183241434822606848".into())
        );
    }
}
