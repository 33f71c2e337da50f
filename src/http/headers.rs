//! [`Headers`]: what a request says besides its URL.

use std::fmt;

use ureq::http::{HeaderName, HeaderValue};

use super::error::Error;
use crate::wire::{Secret, scrub};

/// What frames a message, and is the client's own to say: a caller's word could smuggle a second request.
const OURS: [&str; 8] =
    ["connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"];

/// The headers of a request. Values that are secrets are neither shown nor sent to another server after a redirect.
#[derive(Clone, Default)]
pub struct Headers(Vec<Header>);

#[derive(Clone)]
struct Header {
    name: HeaderName,
    value: HeaderValue,
    secret: bool,
}

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `name`, in place of any value that it had. It is a secret if its name says so, such as `X-Auth-Token`.
    ///
    /// # Errors
    /// Name or value cannot be sent.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if scrub::is_secret_name(name) {
            return self.set_secret(name, &Secret::new(value));
        }
        self.put(name, value, false)
    }

    /// Sets `name` to a secret.
    ///
    /// # Errors
    /// Name or value cannot be sent.
    pub fn set_secret(&mut self, name: &str, value: &Secret) -> Result<(), Error> {
        self.put(name, value.expose(), true)
    }

    fn put(&mut self, name: &str, value: &str, secret: bool) -> Result<(), Error> {
        let refuse = |expected, found| Error::Header {
            name: name.chars().take(100).filter(|c| !c.is_control()).collect(),
            expected,
            found,
        };
        let known = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| refuse("a name of letters, digits and hyphens", "another character"))?;
        if OURS.contains(&known.as_str()) {
            return Err(refuse("a header about the request", "one that frames it"));
        }
        // Spaces around a value are not part of it (RFC 9110, 5.5).
        let mut bytes = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes())
            .map_err(|_| refuse("a value on one line", "a control character"))?;
        bytes.set_sensitive(secret);
        self.0.retain(|header| header.name != known);
        self.0.push(Header { name: known, value: bytes, secret });
        Ok(())
    }

    /// The value of `name`, for the tests of those who set it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let header = self.0.iter().find(|header| header.name.as_str().eq_ignore_ascii_case(name))?;
        header.value.to_str().ok()
    }

    /// These without secrets.
    pub(super) fn without_secrets(&self) -> Self {
        Self(self.0.iter().filter(|header| !header.secret).cloned().collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|header| (&header.name, &header.value))
    }
}

impl fmt::Debug for Headers {
    /// The names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|header| header.name.as_str())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_or_by_type_and_not_shown() {
        let mut headers = Headers::new();
        headers.set("Accept", "text/plain").unwrap();
        headers.set("X-Auth-Token", "a-token-of-headers").unwrap();
        headers.set_secret("X-Roles", &Secret::new("admin-of-headers")).unwrap();
        assert_eq!(format!("{headers:?}"), r#"["accept", "x-auth-token", "x-roles"]"#);
        assert_eq!(headers.value("X-AUTH-TOKEN"), Some("a-token-of-headers"));
        assert_eq!(format!("{:?}", headers.without_secrets()), r#"["accept"]"#);
        assert_eq!(scrub::scrub("a-token-of-headers admin-of-headers"), "*** ***");
    }

    #[test]
    fn the_last_value_of_a_name_counts() {
        let mut headers = Headers::new();
        headers.set("range", "a").unwrap();
        headers.set("Range", " b\t").unwrap();
        assert_eq!((headers.value("range"), headers.iter().count()), (Some("b"), 1));
    }

    #[test]
    fn what_would_break_the_request_is_refused() {
        for (name, value) in [
            ("a", "b\r\nc: d"),
            ("a", "b\nc"),
            ("a", "b\0"),
            ("a", "b\x7f"),
            ("a b", "c"),
            ("a:", "c"),
            ("a\r\nb", "c"),
            ("", "c"),
            ("Host", "elsewhere"),
            ("Transfer-Encoding", "chunked"),
            ("content-length", "0"),
        ] {
            let refused = Headers::new().set(name, value);
            assert!(matches!(refused, Err(Error::Header { .. })), "{name:?}: {value:?}");
        }
        Headers::new().set("a", "ä and\ttab").unwrap();
    }
}
