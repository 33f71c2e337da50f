//! The two ways protocol 0 spells text on a line: a Python 2 `repr`, and raw-unicode-escape.

/// The bytes of a Python 2 `str` from its `repr` (the argument of `STRING`): quotes of one kind around, and the
/// escapes of Python's string literals inside. `None` if the quotes do not match or an escape is cut off.
pub(super) fn from_repr(line: &[u8]) -> Option<Vec<u8>> {
    // pickle.py strips the line: blanks around the quotes are allowed.
    let line = line.trim_ascii();
    let quote = *line.first().filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let inner = line[1..].strip_suffix(&[quote])?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next()? {
            b'\n' => {}
            b'a' => bytes.push(0x07),
            b'b' => bytes.push(0x08),
            b't' => bytes.push(b'\t'),
            b'n' => bytes.push(b'\n'),
            b'v' => bytes.push(0x0b),
            b'f' => bytes.push(0x0c),
            b'r' => bytes.push(b'\r'),
            b'x' => {
                let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
                bytes.push(high << 4 | low);
            }
            first @ b'0'..=b'7' => bytes.push(octal(first, &mut rest)),
            quoted @ (b'\\' | b'\'' | b'"') => bytes.push(quoted),
            // As in Python, an unknown escape stands for itself.
            other => bytes.extend([b'\\', other]),
        }
    }
    Some(bytes)
}

/// Up to two more octal digits after `first`; bits beyond a byte are dropped, as C Python does.
fn octal(first: u8, rest: &mut (impl Iterator<Item = u8> + Clone)) -> u8 {
    let mut value = first - b'0';
    for _ in 0..2 {
        match rest.clone().next() {
            Some(digit @ b'0'..=b'7') => {
                value = value << 3 | (digit - b'0');
                rest.next();
            }
            _ => break,
        }
    }
    value
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The text of a `UNICODE` line: `\uXXXX` and `\UXXXXXXXX` behind an odd number of backslashes, every other
/// byte a character of Latin-1. Python 2 on narrow builds writes pairs of surrogates, which become one character;
/// `None` for a surrogate alone, or an escape that is cut off or beyond Unicode.
pub(super) fn from_raw_unicode_escape(line: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'\\' {
            units.push(u32::from(byte));
            rest = after;
            continue;
        }
        let run = rest.iter().take_while(|byte| **byte == b'\\').count();
        let width = match rest.get(run) {
            Some(b'u') if run % 2 == 1 => 4,
            Some(b'U') if run % 2 == 1 => 8,
            _ => 0,
        };
        let literal = if width == 0 { run } else { run - 1 };
        units.resize(units.len() + literal, u32::from(b'\\'));
        rest = &rest[run..];
        if width > 0 {
            let digits = rest.get(1..=width)?;
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            units.push(u32::from_str_radix(digits, 16).ok()?);
            rest = &rest[width + 1..];
        }
    }
    join_surrogates(&units)
}

fn join_surrogates(units: &[u32]) -> Option<String> {
    let mut text = String::with_capacity(units.len());
    let mut units = units.iter().copied().peekable();
    while let Some(unit) = units.next() {
        let code = match unit {
            0xd800..0xdc00 => {
                let low = units.next_if(|low| (0xdc00..0xe000).contains(low))?;
                0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
            }
            other => other,
        };
        text.push(char::from_u32(code)?);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reprs_decode_as_in_python_2() {
        for (line, bytes) in [
            (r#"'it\'s "q"'"#, Some(br#"it's "q""#.to_vec())),
            (r#""it's""#, Some(b"it's".to_vec())),
            (r"'\x00\xff\t\n\r\\ \101\0\18\q'", Some(b"\x00\xff\t\n\r\\ A\x00\x018\\q".to_vec())),
            ("''", Some(Vec::new())),
            (" 'a' ", Some(b"a".to_vec())),
            ("'", None),
            ("", None),
            ("'a\"", None),
            ("abc", None),
            (r"'\x0'", None),
            (r"'\'", None),
        ] {
            assert_eq!(from_repr(line.as_bytes()), bytes, "{line}");
        }
    }

    #[test]
    fn raw_unicode_escape_decodes_as_in_python() {
        for (line, text) in [
            (&b"caf\xe9"[..], Some("café")),
            (br"\u20ac\U0001f600\ud83d\ude00", Some("€😀😀")),
            (br"a\u005cb", Some(r"a\b")),
            (br"\\u0041 \\\u0041 \x \", Some(r"\\u0041 \\A \x \")),
            (br"\ud83d", None),
            (br"\ude00", None),
            (br"\u12", None),
            (br"\u+123", None),
            (br"\U00110000", None),
        ] {
            assert_eq!(from_raw_unicode_escape(line).as_deref(), text, "{}", line.escape_ascii());
        }
    }
}
