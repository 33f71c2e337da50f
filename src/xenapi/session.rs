//! [`Session`]: calls in somebody's name.

use std::fmt;

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
        let address = Address::of(settings)?;
        match Self::login_at(address, settings) {
            Err(Error::Refused { description, .. })
                if settings.flag(key::XAPI_FOLLOW_MASTER)
                    && description.first().is_some_and(|code| code == "HOST_IS_SLAVE")
                    && description.get(1).is_some_and(|master| is_host(master)) =>
            {
                // A host with colons is an IPv6 address.
                let master = &description[1];
                let host = if master.contains(':') { format!("[{master}]") } else { master.clone() };
                Self::login_at(Address::Web(format!("https://{host}/")), settings)
            }
            other => other,
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

/// Whether `text` can be the host of a URL, and nothing but that.
fn is_host(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    !text.is_empty() && text.len() <= 253 && text.chars().all(known)
}
