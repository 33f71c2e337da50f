//! xapi: whether it is here and answers, and what this host is in its pool.

use super::line::Line;
use super::subject::{PATIENCE, Subject};
use crate::config::{Origin, Settings, key};
use crate::xenapi::{Address, Error, Session};

pub(super) fn look(subject: &Subject) -> Vec<Line> {
    let mut lines = vec![xapi(&subject.settings)];
    lines.extend(pool(&subject.settings));
    lines
}

fn xapi(settings: &Settings) -> Line {
    let address = match Address::of(settings) {
        Ok(address) if !address.is_there() => return absent(settings, &address),
        Ok(address) => address,
        Err(error) => return Line::failed("xapi", &error, "correct xapi.url"),
    };
    match ask(settings) {
        Ok(product) if product.is_empty() => Line::good("xapi", format!("{address} answers")),
        Ok(product) => Line::good("xapi", format!("{address} answers: {product}")),
        Err(error) => {
            let advice = match error.code() {
                Some("SESSION_AUTHENTICATION_FAILED") => "correct xapi.user and xapi.password",
                Some("HOST_IS_SLAVE") => "set xapi.follow_master, or name the pool's master in xapi.url",
                _ if error.is_retryable() => "does xapi run? xe-toolstack-restart starts it anew",
                _ => "see xapi's own log",
            };
            Line::failed("xapi", &error, advice)
        }
    }
}

/// Nobody listens: is that as it should be?
fn absent(settings: &Settings, address: &Address) -> Line {
    let inventory = settings.path(key::XAPI_INVENTORY);
    if inventory.exists() {
        let found = format!("none at {address}, on a host that has {}", inventory.display());
        return Line::bad("xapi", found, "xe-toolstack-restart starts it");
    }
    if settings.text(key::XAPI_URL) != key::XAPI_URL.default {
        return Line::bad("xapi", format!("none at {address}"), "correct xapi.url");
    }
    let found = format!("none at {address}: --sr DIR works without it, --scan needs it");
    Line::good("xapi", found)
}

/// Logs in and asks what the host runs, with little patience.
fn ask(settings: &Settings) -> Result<String, Error> {
    let mut settings = settings.clone();
    let patience = settings.seconds(key::XAPI_TIMEOUT).min(PATIENCE);
    // A number of seconds fits.
    let _ = settings.set(key::XAPI_TIMEOUT, patience.as_secs().to_string(), Origin::Default);
    let session = Session::login(&settings)?;
    session.product(&session.this_host()?)
}

/// What `pool.conf` says; nothing on a host that has none.
fn pool(settings: &Settings) -> Option<Line> {
    let path = settings.path(key::XAPI_POOL);
    let line = match std::fs::read_to_string(&path) {
        Ok(content) => match content.trim().split_once(':') {
            Some(("slave", master)) => {
                Line::good("pool", format!("this host is a member; {master} is its master"))
            }
            _ => Line::good("pool", format!("this host is its pool's {}", content.trim())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            let found = format!("{}: {error}: this host is taken for a slave", path.display());
            Line::warn("pool", found, "run this as root")
        }
    };
    Some(line)
}
