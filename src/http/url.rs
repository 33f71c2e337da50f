//! [`Url`]: what can be asked, and how it is shown.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};
use ureq::http::Uri;

use super::error::Error;
use crate::wire::Secret;

/// Most bytes shown of a URL that cannot be read.
const SHOWN: usize = 200;

/// An `http://` or `https://` URL. It is shown without user, password and query: the first two are secrets, the last may
/// hold a signature.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    uri: Uri,
    /// `user:password`, decoded, as the text of a Basic authorization.
    authorization: Option<Secret>,
}

/// Who is asked: two URLs of one origin may share secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) secure: bool,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Url {
    /// Reads `text`.
    ///
    /// # Errors
    /// It is no absolute `http://` or `https://` URL.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |found: String| Error::Url {
            url: presentable(text),
            expected: "http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH, with %XX for other bytes",
            found,
        };
        let uri: Uri = text.parse().map_err(|e: ureq::http::uri::InvalidUri| refuse(e.to_string()))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(refuse("another scheme".into()));
        }
        let authority = uri.authority().ok_or_else(|| refuse("no host".into()))?;
        // A port that is no number leaves `port` empty and its text behind the host.
        let (userinfo, place) = match authority.as_str().rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority.as_str()),
        };
        let after_host = place.get(authority.host().len()..).unwrap_or_default();
        let port = after_host.strip_prefix(':').unwrap_or_default();
        let port_fits = port.is_empty() || port.parse::<u16>().is_ok_and(|p| p > 0);
        if authority.host().is_empty() || !port_fits {
            return Err(refuse(format!("the host {:?} and the port {port:?}", authority.host())));
        }
        let authorization = userinfo.map(|userinfo| {
            // The parts are secrets in whatever shape they may be quoted.
            userinfo.split(':').for_each(|part| drop(Secret::new(percent_decoded(part))));
            let decoded = Secret::new(percent_decoded(userinfo));
            Secret::new(format!("Basic {}", BASE64_STANDARD.encode(decoded.expose())))
        });
        let bare = text.replacen(&format!("{}@", userinfo.unwrap_or_default()), "", 1);
        let uri = if userinfo.is_some() {
            bare.parse().map_err(|e: ureq::http::uri::InvalidUri| refuse(e.to_string()))?
        } else {
            uri
        };
        Ok(Self { uri, authorization })
    }

    /// The URL that `reference`, found in an answer from this one, names (RFC 3986, 5.2).
    ///
    /// # Errors
    /// It names none that can be asked.
    pub fn join(&self, reference: &str) -> Result<Self, Error> {
        let reference = reference.split('#').next().unwrap_or_default();
        let (scheme, path) = (self.scheme(), self.uri.path());
        let root = format!("{scheme}://{}", self.place());
        let absolute = reference.split_once("://").is_some_and(|(before, _)| {
            !before.is_empty() && before.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        });
        let text = if absolute {
            reference.to_owned()
        } else if let Some(rest) = reference.strip_prefix("//") {
            format!("{scheme}://{rest}")
        } else if reference.starts_with('/') {
            format!("{root}{reference}")
        } else if reference.is_empty() || reference.starts_with('?') {
            format!("{root}{path}{reference}")
        } else {
            let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
            let (path, query) = reference.split_at(reference.find('?').unwrap_or(reference.len()));
            format!("{root}{}{query}", without_dots(&format!("{folder}{path}")))
        };
        let mut joined = Self::parse(&text)?;
        if joined.authorization.is_none() && joined.origin() == self.origin() {
            joined.authorization.clone_from(&self.authorization);
        }
        Ok(joined)
    }

    /// The host, as it is written.
    #[must_use]
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Whether it is `https://`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.scheme() == "https"
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// What user and password in it amount to, as the value of `Authorization`.
    pub(super) fn authorization(&self) -> Option<&Secret> {
        self.authorization.as_ref()
    }

    pub(super) fn origin(&self) -> Origin {
        let secure = self.is_secure();
        let port = self.uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Origin { secure, host: self.host().to_ascii_lowercase(), port }
    }

    fn scheme(&self) -> &str {
        self.uri.scheme_str().unwrap_or("http")
    }

    fn place(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.place(), self.uri.path())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What may be shown of a text that is no URL, but may have been meant as one with a password.
fn presentable(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let shown = match text.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://***@{after}")
        }
        None => text.to_owned(),
    };
    shown.chars().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A path without `.` and `..` (RFC 3986, 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

/// `text` with every `%XX` as the byte that it stands for, where the bytes are a text then.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_url_are_sent_but_not_shown() {
        let url = Url::parse("https://us%40er:pass%20word-7@Host:8443/a/b?sig=f00#part").unwrap();
        assert_eq!(url.to_string(), "https://Host:8443/a/b");
        assert_eq!(format!("{url:?}"), "https://Host:8443/a/b");
        let basic = BASE64_STANDARD.encode("us@er:pass word-7");
        assert_eq!(url.authorization().unwrap().expose(), format!("Basic {basic}"));
        assert_eq!(url.uri().to_string(), "https://Host:8443/a/b?sig=f00");
        assert_eq!(crate::wire::scrub::scrub("it is pass word-7"), "it is ***");
    }

    #[test]
    fn what_cannot_be_asked_is_refused_without_its_secrets() {
        for (text, shown) in [
            ("ftp://host/x", "ftp://host/x"),
            ("host/x", "host/x"),
            ("/x", "/x"),
            ("http://", "http://"),
            ("http:///x", "http:///x"),
            ("http://host:port/x", "http://host:port/x"),
            ("http://host:99999/x", "http://host:99999/x"),
            ("http://h/a b?token=1", "http://h/a b"),
            ("http://user:pa ss@host/", "http://***@host/"),
            ("http://h/\r\nHost: x", "http://h/\u{fffd}\u{fffd}Host: x"),
        ] {
            match Url::parse(text) {
                Err(Error::Url { url, .. }) => assert_eq!(url, shown),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn references_are_resolved() {
        let base = Url::parse("http://h:81/a/b/c?q=1").unwrap();
        for (reference, expected) in [
            ("https://other/x?y", "https://other/x?y"),
            ("//other/x", "http://other/x"),
            ("/x?y=2", "http://h:81/x?y=2"),
            ("d", "http://h:81/a/b/d"),
            ("../d?u=http://e", "http://h:81/a/d?u=http://e"),
            ("./../../../d/.", "http://h:81/d/"),
            ("?z", "http://h:81/a/b/c?z"),
            ("", "http://h:81/a/b/c"),
            ("/x#part", "http://h:81/x"),
        ] {
            assert_eq!(base.join(reference).unwrap().uri().to_string(), expected, "{reference:?}");
        }
        assert!(base.join("ftp://other/x").is_err());
    }

    #[test]
    fn passwords_stay_with_their_origin() {
        let base = Url::parse("http://u:secret-8@h/a").unwrap();
        assert!(base.join("/b").unwrap().authorization().is_some());
        assert!(base.join("http://H:80/b").unwrap().authorization().is_some());
        for other in ["http://i/b", "http://h:81/b", "https://h/b"] {
            assert!(base.join(other).unwrap().authorization().is_none(), "{other}");
        }
    }
}
