//! [`Session`]: calls in somebody's name.

use std::fmt;
use std::net::Ipv6Addr;

use super::address::Address;
use super::client::Client;
use super::error::Error;
use super::reference::Reference;
use crate::config::{Settings, key};
use crate::wire::{Secret, Value};

/// Who we say that we are, to whoever reads xapi's log.
const ORIGINATOR: &str = "vhd-porter";
/// The version of XenAPI that a client speaks; xapi looks at none.
const API_VERSION: &str = "1.0";

/// A session with xapi. One that was logged in here is logged out when it is dropped.
pub struct Session {
    client: Client,
    reference: Secret,
    ours: bool,
    settings: Settings,
}

impl Session {
    /// Goes on with a session that somebody else has opened, such as that of a plugin's call.
    ///
    /// # Errors
    /// There is no xapi at `xapi.url`.
    pub fn of_caller(reference: &Secret, settings: &Settings) -> Result<Self, Error> {
        let client = Client::new(Address::of(settings)?, settings)?;
        Ok(Self { client, reference: reference.clone(), ours: false, settings: settings.clone() })
    }

    /// Logs in as `xapi.user` with `xapi.password`. On the host's own socket root needs no password (xen-api
    /// `ocaml/xapi/xapi_session.ml` `login_with_password`), and a pool member hands calls on to its master (`ocaml/xapi/api_server.ml`);
    /// on the web a member names its master, which is asked if `xapi.follow_master` says so.
    ///
    /// # Errors
    /// xapi could not be asked, or refused.
    pub fn login(settings: &Settings) -> Result<Self, Error> {
        let refused = match Self::login_at(Address::of(settings)?, settings) {
            Err(refused) if settings.flag(key::XAPI_FOLLOW_MASTER) => refused,
            other => return other,
        };
        match refused.master().and_then(master_url) {
            Some(url) => Self::login_at(url.parse()?, settings),
            None => Err(refused),
        }
    }

    fn login_at(address: Address, settings: &Settings) -> Result<Self, Error> {
        let client = Client::new(address, settings)?;
        let password = settings.secret(key::XAPI_PASSWORD);
        let password = password.as_ref().map_or("", Secret::expose);
        let params = [settings.text(key::XAPI_USER), password, API_VERSION, ORIGINATOR].map(Value::from);
        let method = "session.login_with_password";
        match client.call(method, params.to_vec())? {
            Value::Text(reference) if !reference.is_empty() => {
                let reference = Secret::new(reference);
                Ok(Self { client, reference, ours: true, settings: settings.clone() })
            }
            other => Err(unexpected(method, "a session", &other)),
        }
    }

    /// Where xapi is.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.client.address()
    }

    /// The settings that it was opened with.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The session as a parameter of a call.
    pub(super) fn handle(&self) -> Value {
        self.reference.expose().into()
    }

    /// Calls `method` with the session and then `params`.
    ///
    /// # Errors
    /// xapi could not be asked, refused, or was not understood.
    pub fn call(&self, method: &str, params: impl IntoIterator<Item = Value>) -> Result<Value, Error> {
        self.client.call(method, std::iter::once(self.handle()).chain(params).collect())
    }

    /// [`Self::call`] of a method that returns a text.
    ///
    /// # Errors
    /// As [`Self::call`], or it returns something else.
    pub fn text(&self, method: &str, params: impl IntoIterator<Item = Value>) -> Result<String, Error> {
        match self.call(method, params)? {
            Value::Text(text) => Ok(text),
            other => Err(unexpected(method, "a text", &other)),
        }
    }

    /// [`Self::call`] of a method that returns records by reference: `get_all_records_where`.
    ///
    /// # Errors
    /// As [`Self::call`], or it returns something else.
    pub fn records(
        &self,
        method: &str,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<(Value, Value)>, Error> {
        match self.call(method, params)? {
            Value::Dict(records) => Ok(records),
            other => Err(unexpected(method, "records", &other)),
        }
    }

    /// [`Self::call`] of a method that returns a reference.
    pub(super) fn reference<R: Reference>(
        &self,
        method: &str,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<R, Error> {
        let text = self.text(method, params)?;
        R::parse(&text).ok_or_else(|| Error::Unexpected {
            method: method.to_owned(),
            expected: R::EXPECTED,
            found: format!("{:?}", text.chars().take(64).collect::<String>()),
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = self.call("session.logout", [])
        {
            // xapi forgets sessions that nobody uses.
            tracing::debug!("logging out: {}", error.full_message());
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("address", self.address()).finish_non_exhaustive()
    }
}

/// The answer is of another type. It is named by its type only: it may be anything.
pub(super) fn unexpected(method: &str, expected: &'static str, found: &Value) -> Error {
    Error::Unexpected { method: method.to_owned(), expected, found: found.type_name().to_owned() }
}

/// The URL of the master that a member names by address or name; `None` if that is neither.
fn master_url(master: &str) -> Option<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    match master.parse::<Ipv6Addr>() {
        Ok(address) => Some(format!("https://[{address}]/")),
        Err(_) => (!master.is_empty() && master.chars().all(known)).then(|| format!("https://{master}/")),
    }
}

#[cfg(test)]
mod tests {
    use super::master_url;

    #[test]
    fn a_master_is_a_host_and_nothing_else() {
        for (master, url) in [
            ("10.0.0.1", Some("https://10.0.0.1/")),
            ("fe80::1", Some("https://[fe80::1]/")),
            ("pool-1.example", Some("https://pool-1.example/")),
            ("", None),
            ("h:443", None),
            ("u@h", None),
            ("h/x", None),
        ] {
            assert_eq!(master_url(master).as_deref(), url, "{master}");
        }
    }
}
