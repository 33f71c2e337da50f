//! Text into XML 1.0, which cannot carry every character.

use std::borrow::Cow;

/// What XML calls white space.
pub(super) const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// `text` as xapi needs it in an answer: markup escaped, CR as `&#13;` (or every parser would make it LF), and
/// characters that XML 1.0 has no way to write replaced by U+FFFD (one of them would lose the whole answer).
pub(super) fn answer(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(c),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// An element as xapi writes it in a call: `& < > "` escaped, control characters other than TAB, LF and CR
/// dropped, and an empty element when there is nothing but blanks.
pub(super) fn call_element(name: &str, text: &str) -> String {
    if text.trim_matches(BLANKS).is_empty() {
        return format!("<{name}/>");
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(c),
            '\0'..' ' => {}
            _ => escaped.push(c),
        }
    }
    format!("<{name}>{escaped}</{name}>")
}

/// `text`, short enough to be quoted in a message.
pub(super) fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}
