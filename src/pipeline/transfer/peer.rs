//! [`Peer`]: the host that a transfer goes to.

use std::fmt;
use std::io;
use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use super::Error;

/// Longest name of a host in DNS.
const LONGEST: usize = 253;
/// How long a datagram to ourselves may take.
const ROUND: Duration = Duration::from_millis(500);

/// A host by name or address, and whom to log in as. What it displays is `USER@HOST` as rsync takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    user: String,
    host: Host,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Name(String),
    Address(IpAddr),
}

impl Peer {
    /// Reads a host: a name of letters, digits, `-`, `.` and `_`, or an address without a zone.
    ///
    /// # Errors
    /// Anything else: an option, a path, a port, an address that is no host's.
    pub fn new(user: &str, host: &str) -> Result<Self, Error> {
        Ok(Self { user: name("user", user)?, host: Host::read(host)? })
    }

    /// Whether this is an address of this very host: then there is no need for a remote shell. Names are not looked at, as
    /// in os-xenapi migration.py `_rsync_vhds`.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self.host, Host::Address(address) if reaches_itself(address).unwrap_or(false))
    }
}

impl Host {
    fn read(text: &str) -> Result<Self, Error> {
        match text.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() || address.is_multicast() => Err(refused("host", text)),
            Ok(address) => Ok(Self::Address(address)),
            Err(_) => Ok(Self::Name(name("host", text)?)),
        }
    }
}

fn name(what: &'static str, text: &str) -> Result<String, Error> {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let fits =
        !text.is_empty() && text.len() <= LONGEST && !text.starts_with(['-', '.']) && text.chars().all(known);
    if fits { Ok(text.to_owned()) } else { Err(refused(what, text)) }
}

fn refused(what: &'static str, text: &str) -> Error {
    let expected = match what {
        "host" => "a name or an address of a host, without port and path",
        _ => "a name of letters, digits, -, . and _",
    };
    Error::Argument { what, expected: expected.into(), found: format!("{text:?}") }
}

/// Sends a datagram from the address to itself: it arrives if and only if the address is ours. Being allowed to bind it
/// would prove less: `net.ipv4.ip_nonlocal_bind` allows every address.
fn reaches_itself(address: IpAddr) -> io::Result<bool> {
    let socket = UdpSocket::bind((address, 0))?;
    socket.set_read_timeout(Some(ROUND))?;
    socket.connect(socket.local_addr()?)?;
    socket.send(b"?")?;
    Ok(socket.recv(&mut [0])? == 1)
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{}@{name}", self.user),
            Host::Address(IpAddr::V4(address)) => write!(f, "{}@{address}", self.user),
            // Unbracketed, its first colon would end it.
            Host::Address(IpAddr::V6(address)) => write!(f, "{}@[{address}]", self.user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_hosts() {
        for (host, shown) in [
            ("xen-2.example.org", "root@xen-2.example.org"),
            ("192.0.2.7", "root@192.0.2.7"),
            ("2001:DB8::1", "root@[2001:db8::1]"),
        ] {
            assert_eq!(Peer::new("root", host).unwrap().to_string(), shown);
        }
        for host in [
            "",
            "-oProxyCommand=x",
            "host:/etc",
            "host::module",
            "root@host",
            "a b",
            "a\nb",
            "/etc",
            "[::1]",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "fe80::1%eth0",
            "..",
            "rsync://host/x",
            &"a".repeat(254),
        ] {
            let error = Peer::new("root", host).unwrap_err().to_string();
            assert!(error.starts_with("host: expected a name or an address"), "{error}");
        }
        assert!(Peer::new("-l", "host").is_err());
    }

    #[test]
    fn only_our_own_addresses_are_here() {
        for (host, here) in [("127.0.0.1", true), ("localhost", false), ("192.0.2.7", false)] {
            assert_eq!(Peer::new("root", host).unwrap().is_here(), here, "{host}");
        }
    }
}
