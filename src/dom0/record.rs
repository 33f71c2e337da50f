//! [`Record`]: a place in xenstore, below a domain.

use std::fmt;

use super::domain::DomainId;
use super::error::Error;

/// The longest path below a domain: `XENSTORE_REL_PATH_MAX` in `xen/include/public/io/xs_wire.h`.
const LONGEST: usize = 2048;
const EXPECTED: &str = "names of letters, digits, - _ @, joined by single /, at most 2048 bytes";

/// A record of a domain in xenstore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    domain: DomainId,
    path: String,
}

impl Record {
    /// The record `path` of `domain`. Xenstore itself allows no other characters in a path (`docs/misc/xenstore.txt`), so
    /// nothing that it could hold is out of reach, and there is no way up.
    ///
    /// # Errors
    /// `path` cannot be one.
    pub fn new(domain: DomainId, path: &str) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@".contains(&byte);
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(allowed);
        if path.len() <= LONGEST && path.split('/').all(is_name) {
            Ok(Self { domain, path: path.to_owned() })
        } else {
            Err(Error::argument("path", EXPECTED, path))
        }
    }

    /// As [`new`](Self::new), where `path` may be empty, for all records of the domain, and end in `/`.
    ///
    /// # Errors
    /// `path` cannot be one.
    pub fn subtree(domain: DomainId, path: &str) -> Result<Self, Error> {
        match path.trim_end_matches('/') {
            "" => Ok(Self { domain, path: String::new() }),
            path => Self::new(domain, path),
        }
    }

    /// The record `path` below this one.
    pub(super) fn below(&self, path: &str) -> Result<Self, Error> {
        if self.path.is_empty() {
            Self::new(self.domain, path)
        } else {
            Self::new(self.domain, &format!("{}/{path}", self.path))
        }
    }
}

impl fmt::Display for Record {
    /// The whole path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { "/" };
        write!(f, "/local/domain/{}{separator}{}", self.domain, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_xenstore_allows() {
        let domain = DomainId::new(3).unwrap();
        for path in ["name", "vm-data/user-metadata/a_b@c", "data/host/0-1"] {
            assert_eq!(Record::new(domain, path).unwrap().to_string(), format!("/local/domain/3/{path}"));
        }
        let long = "a".repeat(LONGEST + 1);
        for path in ["", "/", "/a", "a/", "a//b", "..", "a/../../4", "a b", "a\0b", "a\nb", "é", "%2e", &long]
        {
            assert!(Record::new(domain, path).is_err(), "{path:?}");
        }
        assert_eq!(Record::subtree(domain, "/").unwrap().to_string(), "/local/domain/3");
        assert_eq!(
            Record::subtree(domain, "a/").unwrap().below("b").unwrap().to_string(),
            "/local/domain/3/a/b"
        );
        assert!(Record::subtree(domain, "../4").is_err());
    }

    #[test]
    fn reserved_numbers_are_no_domains() {
        assert!(DomainId::new(0x7fef).is_ok());
        assert!(DomainId::new(0x7ff0).is_err());
    }
}
