//! Numbers on the command line, read the way C's `strtoull` and `strtol` read them: leading digits count, the rest is
//! dropped, nothing at all is zero, and a minus sign wraps around.

/// Sign and digits at the start of `text`, in base 10; too large a number saturates.
fn prefix(text: &str) -> (bool, u64) {
    let text = text.trim_start();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut value = 0u64;
    for digit in digits.bytes().take_while(u8::is_ascii_digit) {
        value = match value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0'))) {
            Some(v) => v,
            None => return (false, u64::MAX),
        };
    }
    (negative, value)
}

/// An unsigned number; `-1` is the largest one.
pub(crate) fn unsigned(text: &str) -> u64 {
    let (negative, value) = prefix(text);
    if negative { value.wrapping_neg() } else { value }
}

/// A signed number.
pub(crate) fn signed(text: &str) -> i64 {
    let (negative, value) = prefix(text);
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_c_reads() {
        let cases =
            [("8", 8), (" 12x", 12), ("abc", 0), ("-1", u64::MAX), ("99999999999999999999", u64::MAX)];
        for (text, value) in cases {
            assert_eq!(unsigned(text), value, "{text}");
        }
        assert_eq!((signed("-3"), signed("x"), signed("7")), (-3, 0, 7));
    }
}
