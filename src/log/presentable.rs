//! Text fit for others to read: what may stand in an answer or a log line.

use crate::wire::scrub::scrub;

/// Longer messages are cut: they quote what children and servers said, which may be anything.
const LONGEST: usize = 8 << 10;

/// `text` without secrets, without control characters other than TAB and LF (they could forge log lines or
/// drive a terminal, and XML cannot carry most of them), and of bounded length.
pub fn presentable(text: &str) -> String {
    cut(scrub(text).replace("\r\n", "\n").chars().map(printable).collect(), LONGEST)
}

/// `text`, or its first `longest` bytes and how much more there was.
pub fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let more = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("… ({more} bytes more)"));
    }
    text
}

fn printable(c: char) -> char {
    match c {
        '\t' | '\n' => c,
        '\r' => '\n',
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ if c.is_control() => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_go_and_secrets_go() {
        assert_eq!(presentable("a\x1b[2J\0\u{9b}b\tc\rd"), "a\u{fffd}[2J\u{fffd}\u{fffd}b\tc\nd");
        assert_eq!(presentable("GET http://u:p@h failed"), "GET http://***@h failed");
    }

    #[test]
    fn length_is_bounded_at_a_character() {
        let cut = presentable(&"é".repeat(LONGEST));
        assert!(cut.len() < LONGEST + 64);
        assert!(cut.ends_with("… (8192 bytes more)"));
    }
}
