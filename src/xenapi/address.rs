//! [`Address`]: where xapi is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::error::Error;
use crate::config::{Settings, key};
use crate::http::Url;

/// Where xapi is: the setting `xapi.url`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The socket of this host, on which root needs no password.
    Socket(PathBuf),
    /// A URL of `http` or `https`.
    Web(Url),
}

impl Address {
    /// The address in `settings`.
    ///
    /// # Errors
    /// It is none.
    pub fn of(settings: &Settings) -> Result<Self, Error> {
        settings.text(key::XAPI_URL).parse()
    }

    /// Whether somebody may be listening: the socket is there, or somebody has named a URL.
    #[must_use]
    pub fn is_there(&self) -> bool {
        match self {
            Self::Socket(path) => path.exists(),
            Self::Web(_) => true,
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(path) = text.strip_prefix("unix:") {
            // `unix:///var/lib/xcp/xapi` is how URLs are written that name a path.
            let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            if path.is_absolute() {
                return Ok(Self::Socket(path));
            }
        } else if text.starts_with("http://") || text.starts_with("https://") {
            return Url::parse(text).map(Self::Web).map_err(Error::web("xapi.url"));
        }
        Err(Error::Address { found: text.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
            Self::Web(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_and_urls_are_told_apart() {
        let socket = Address::Socket("/var/lib/xcp/xapi".into());
        assert_eq!("unix:/var/lib/xcp/xapi".parse::<Address>().unwrap(), socket);
        assert_eq!("unix:///var/lib/xcp/xapi".parse::<Address>().unwrap(), socket);
        assert_eq!(Address::of(&Settings::default()).unwrap(), socket);
        let web = "https://me:pa55@h/".parse::<Address>().unwrap();
        assert_eq!((matches!(web, Address::Web(_)), web.to_string().as_str()), (true, "https://h/"));
        assert!("https://h:port/".parse::<Address>().is_err());
        for wrong in ["", "/var/lib/xcp/xapi", "unix:xapi", "ftp://h", "https:h"] {
            let said = wrong.parse::<Address>().unwrap_err().to_string();
            assert!(said.starts_with("xapi.url: expected unix:PATH or http(s)://HOST, found"), "{said}");
        }
    }
}
