//! How xenstore's programs write values that are not plain text: `sanitise_value` and `unsanitise_value` in Xen's
//! `tools/xenstore/xs_lib.c`. `xenstore-read` escapes what it prints and `xenstore-write` takes escapes away, so a value that
//! holds a backslash, such as JSON with a quote in it, would come out as another one.

/// `value` so that `xenstore-write` writes just that.
pub(super) fn escaped(value: &str) -> String {
    value.replace('\\', r"\\")
}

/// The value that `xenstore-read` printed; what is not UTF-8 is replaced.
pub(super) fn unescaped(printed: &str) -> String {
    let mut bytes = Vec::with_capacity(printed.len());
    let mut rest = printed.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, length) = if byte == b'\\' { escape(after) } else { (byte, 0) };
        bytes.push(byte);
        rest = &after[length..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that an escape stands for, and how long the escape is behind its backslash.
fn escape(after: &[u8]) -> (u8, usize) {
    let number = |from: usize, radix: u32| {
        let digits = after.get(from..3).and_then(|digits| std::str::from_utf8(digits).ok())?;
        u8::from_str_radix(digits, radix).ok()
    };
    match after {
        [b't', ..] => (b'\t', 1),
        [b'n', ..] => (b'\n', 1),
        [b'r', ..] => (b'\r', 1),
        [b'x', ..] => number(1, 16).map_or((b'\\', 0), |byte| (byte, 3)),
        [b'0'..=b'7', ..] => number(0, 8).map_or((b'\\', 0), |byte| (byte, 3)),
        [other, ..] => (*other, 1),
        [] => (b'\\', 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_taken_away_once() {
        for (printed, value) in [
            ("plain", "plain"),
            (r#"{"a": "say \\"hi\\""}"#, r#"{"a": "say \"hi\""}"#),
            (r"a\tb\nc\rd\\n", "a\tb\nc\rd\\n"),
            (r"\xc3\xa9\x7f\001\007!", "é\u{7f}\u{1}\u{7}!"),
            (r"\xff", "\u{fffd}"),
            // Nothing that the program would print.
            (r"\", r"\"),
            (r"\x", r"\x"),
            (r"\xz1", r"\xz1"),
            (r"\99", "99"),
            (r"\777", r"\777"),
        ] {
            assert_eq!(unescaped(printed), value, "{printed}");
        }
        assert_eq!(escaped(r#"\"\n"#), r#"\\"\\n"#);
    }
}
