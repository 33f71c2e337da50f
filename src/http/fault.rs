//! ureq's errors in our words.

use std::io;
use std::time::Duration;

use ureq::Timeout;

use super::error::{Error, Wait};
use super::url::Url;

/// What `error` is, met while `doing` something with `url`.
pub(super) fn failed(doing: &'static str, url: &Url, idle: Duration, error: ureq::Error) -> Error {
    let url = url.to_string();
    let connection = |source| Error::Connection { doing, url: url.clone(), source };
    let protocol = |expected, found: String| Error::Protocol { doing, url: url.clone(), expected, found };
    match error {
        ureq::Error::Timeout(timeout) => {
            Error::Silence { doing, url: url.clone(), wait: wait(doing, timeout), idle }
        }
        ureq::Error::Io(e) => match e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => refused(doing, url.clone(), tls),
            None => connection(e),
        },
        ureq::Error::Rustls(tls) => refused(doing, url.clone(), &tls),
        ureq::Error::Tls(why) => protocol("TLS", why.to_owned()),
        ureq::Error::HostNotFound => connection(io::Error::new(io::ErrorKind::NotFound, "no such host")),
        ureq::Error::ConnectProxyFailed(why) => connection(io::Error::other(format!("the proxy: {why}"))),
        ureq::Error::LargeResponseHeader(..) => protocol("at most 64 KiB of headers", "more".to_owned()),
        ureq::Error::Protocol(e) => protocol("HTTP", e.to_string()),
        other => protocol("HTTP", other.to_string()),
    }
}

fn refused(doing: &'static str, url: String, error: &rustls::Error) -> Error {
    let found = error.to_string();
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            Error::Certificate { doing, url, found }
        }
        _ => Error::Protocol { doing, url, expected: "TLS", found },
    }
}

fn wait(doing: &str, timeout: Timeout) -> Wait {
    match timeout {
        Timeout::Resolve => Wait::Name,
        Timeout::Connect => Wait::Connection,
        Timeout::SendRequest | Timeout::SendBody | Timeout::PerWrite => Wait::Sending,
        // A read before there are headers waits for them.
        Timeout::PerRead | Timeout::RecvBody if doing == "reading" => Wait::Bytes,
        _ => Wait::Answer,
    }
}
