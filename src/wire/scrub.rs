//! The one scrubber: takes secrets out of what is about to be logged or answered.
//!
//! A failed import quotes URLs, headers and what servers said; xapi hands a plugin's answer and its stderr to the
//! API client, and syslog is read by many. Three rules, applied to every message and log line:
//!
//! 1. every text that was ever made a [`Secret`](super::Secret) is masked wherever it stands;
//! 2. so is what follows a name such as `X-Auth-Token`, `Authorization`, `password` or `…Signature`, in the
//!    shapes of headers, query strings, Python reprs and JSON;
//! 3. and the user part of `scheme://user:password@host`.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Shorter texts are not remembered: masking them would shred messages and protect nothing.
const SHORTEST: usize = 4;

static REMEMBERED: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Has [`scrub`] mask `secret` from now on, in this process. Texts under four bytes are not remembered.
pub fn remember(secret: &str) {
    if secret.len() < SHORTEST || secret == MASK {
        return;
    }
    let mut remembered = REMEMBERED.write().unwrap_or_else(PoisonError::into_inner);
    if !remembered.iter().any(|known| known == secret) {
        remembered.push(secret.to_owned());
        // Longest first, so that a secret that contains another leaves no tail behind.
        remembered.sort_by_key(|known| std::cmp::Reverse(known.len()));
    }
}

/// `text` without secrets.
pub fn scrub(text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    for secret in REMEMBERED.read().unwrap_or_else(PoisonError::into_inner).iter() {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), MASK).into();
        }
    }
    mask_named(&mask_userinfo(&text))
}

/// Whether the value under `name` (a header, a query key, a dict key) is a secret by its name alone.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends =
        ["token", "password", "passwd", "secret", "signature", "credential", "authorization", "cookie"];
    let whole = [
        "sig",
        "temp_url_sig",
        "pwd",
        "awsaccesskeyid",
        "secret-key",
        "secret_key",
        "session_id",
        "session-id",
    ];
    ends.iter().any(|end| name.ends_with(end)) || whole.contains(&name.as_str())
}

/// Masks what stands between `://` and `@` in every URL of `text`.
fn mask_userinfo(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '\'' | '"' | '<' | '>'))
            .unwrap_or(after.len());
        let authority = &after[..end];
        match authority.rfind('@') {
            Some(host) => {
                masked.push_str(MASK);
                masked.push_str(&authority[host..]);
            }
            None => masked.push_str(authority),
        }
        rest = &after[end..];
    }
    masked.push_str(rest);
    masked
}

/// Masks the value after every secret name: `name: value`, `name=value`, `'name': 'value'`, `('name', 'value')`.
fn mask_named(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        if word == 0 {
            let other = rest.find(is_name_char).unwrap_or(rest.len());
            masked.push_str(&rest[..other]);
            rest = &rest[other..];
            continue;
        }
        let (name, after) = rest.split_at(word);
        masked.push_str(name);
        rest = after;
        if is_secret_name(name)
            && let Some((separator, value)) = value_after(name, after)
        {
            masked.push_str(separator);
            masked.push_str(MASK);
            rest = &after[separator.len() + value.len()..];
        }
    }
    masked
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// The separator and the value that follow `name`, if what follows looks like a value at all.
fn value_after<'t>(name: &str, after: &'t str) -> Option<(&'t str, &'t str)> {
    let is_separator = |c: char| matches!(c, ' ' | '\t' | ':' | '=' | ',' | '\'' | '"' | '\\' | '[' | '(');
    let separator = &after[..after.find(|c| !is_separator(c)).unwrap_or(after.len())];
    let quoted = separator.starts_with(['\'', '"', '\\']);
    // "unexpected token: …" is prose, not a header.
    let assigned = separator.contains('=') || (separator.contains(':') && (quoted || !is_prose(name)));
    if !(assigned || quoted && separator.contains(',')) {
        return None;
    }
    let value = &after[separator.len()..];
    let whole_line = ["authorization", "cookie"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    let end = value.find(|c: char| match (separator.chars().next_back(), c) {
        (_, '\n' | '\r' | '\\') => true,
        (Some(quote @ ('\'' | '"')), _) => c == quote,
        (_, '\'' | '"' | '<') => true,
        _ if whole_line => false,
        _ => c.is_whitespace() || matches!(c, ',' | ';' | '&' | '#' | ')' | ']' | '}'),
    });
    let value = &value[..end.unwrap_or(value.len())];
    (!value.is_empty()).then_some((separator, value))
}

fn is_prose(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "token" | "signature" | "secret" | "credential")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_what_follows_a_secret_name() {
        for (text, scrubbed) in [
            ("X-Auth-Token: abc123 sent", "X-Auth-Token: *** sent"),
            ("x-auth-token:abc", "x-auth-token:***"),
            ("{'X-Auth-Token': 'abc 123', 'a': 1}", "{'X-Auth-Token': '***', 'a': 1}"),
            (r#"{"X-Auth-Token": "a", "b": 2}"#, r#"{"X-Auth-Token": "***", "b": 2}"#),
            ("[('X-Auth-Token', 'a'), 1]", "[('X-Auth-Token', '***'), 1]"),
            ("Authorization: Basic dTpw\nHost: x", "Authorization: ***\nHost: x"),
            (
                "GET /a?X-Amz-Signature=f00&x=1&sig=b%3D HTTP/1.1",
                "GET /a?X-Amz-Signature=***&x=1&sig=*** HTTP/1.1",
            ),
            ("temp_url_sig=deadbeef", "temp_url_sig=***"),
            ("password=hunter2;", "password=***;"),
            ("no X-Auth-Token was given", "no X-Auth-Token was given"),
            ("2:3 Unexpected token: <foo>", "2:3 Unexpected token: <foo>"),
            ("X-Auth-Token:", "X-Auth-Token:"),
        ] {
            assert_eq!(scrub(text), scrubbed);
        }
    }

    #[test]
    fn masks_credentials_in_urls() {
        for (text, scrubbed) in [
            ("https://u:p@h:1/x?y", "https://***@h:1/x?y"),
            ("see http://u:p@ss@h and ftp://v@i/", "see http://***@h and ftp://***@i/"),
            ("http://host/a@b", "http://host/a@b"),
            ("://@", "://***@"),
        ] {
            assert_eq!(scrub(text), scrubbed);
        }
    }

    #[test]
    fn the_longer_of_two_remembered_secrets_goes_first() {
        remember("aaaa-bbbb");
        remember("aaaa-bbbb-cccc");
        assert_eq!(scrub("<aaaa-bbbb-cccc>"), "<***>");
    }
}
