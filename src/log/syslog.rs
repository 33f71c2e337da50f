//! The host's syslog, as one datagram a line.
//!
//! The lines are those of RFC 3164 as local programs write them: `<priority>tag[pid]: text`. The time is left
//! to the daemon, which stamps on arrival: ours would need the zone database, and the original plugins (Python's
//! `SysLogHandler`) sent none either.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tracing::Level;

use super::Sink;
use super::presentable::cut;

/// `LOG_USER`, the facility of user programs (RFC 3164, 4.1.1).
const USER: u8 = 1;
/// Most bytes of a datagram. rsyslog takes 8 KiB with what it adds itself (`$MaxMessageSize`), and makes two records of what
/// is longer.
const LONGEST: usize = 7 << 10;

/// A connection to a syslog daemon, made when first needed and again when the daemon was restarted (an import
/// takes hours). Without a daemon, lines are dropped; with a stuck one, too: the socket never blocks.
pub(super) struct Syslog {
    socket: PathBuf,
    tag: String,
    connection: Mutex<Option<UnixDatagram>>,
}

impl Syslog {
    /// For lines marked with `tag` and our process id, to the datagram socket `socket`.
    pub(super) fn new(socket: PathBuf, tag: &str) -> Self {
        Self { socket, tag: format!("{tag}[{}]", std::process::id()), connection: Mutex::new(None) }
    }

    fn connect(&self) -> Option<UnixDatagram> {
        let connection = UnixDatagram::unbound().ok()?;
        connection.set_nonblocking(true).ok()?;
        connection.connect(&self.socket).ok()?;
        Some(connection)
    }
}

impl Sink for Syslog {
    fn take(&self, level: Level, line: &str) {
        let priority = USER << 3 | severity(level);
        // As rsyslog itself writes a newline within a line.
        let line = line.replace('\n', "#012").replace('\t', "#011");
        let datagram = cut(format!("<{priority}>{}: {line}", self.tag), LONGEST);
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = connection.as_ref().is_some_and(|connection| connection.send(datagram.as_bytes()).is_ok());
        if !sent {
            *connection = self.connect();
            if let Some(connection) = &*connection {
                // Once more is enough: a log must not hold up the work.
                let _ = connection.send(datagram.as_bytes());
            }
        }
    }
}

/// The severity of RFC 3164, 4.1.1.
fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 16 << 10];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_line_is_a_datagram_and_a_restarted_daemon_gets_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let syslog = Syslog::new(path.clone(), "glance");
        syslog.take(Level::INFO, "nobody listens");

        let pid = std::process::id();
        let daemon = UnixDatagram::bind(&path).unwrap();
        syslog.take(Level::INFO, "two\nlines");
        assert_eq!(receive(&daemon), format!("<14>glance[{pid}]: two#012lines"));

        drop(daemon);
        std::fs::remove_file(&path).unwrap();
        let daemon = UnixDatagram::bind(&path).unwrap();
        syslog.take(Level::ERROR, "again");
        assert_eq!(receive(&daemon), format!("<11>glance[{pid}]: again"));

        syslog.take(Level::INFO, &"é\n".repeat(4096));
        let long = receive(&daemon);
        assert!(long.len() < LONGEST + 64 && long.ends_with(" bytes more)"), "one record of rsyslog's");
    }
}
