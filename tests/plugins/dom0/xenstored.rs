//! A stand-in for xenstored, which does not run without Xen: records in memory, behind the protocol that xenstore's own
//! programs speak. Written from `xen/include/public/io/xs_wire.h` and `docs/misc/xenstore.txt` of Xen 4.17.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

const DIRECTORY: u32 = 1;
const READ: u32 = 2;
const GET_PERMS: u32 = 3;
const TRANSACTION_START: u32 = 6;
const TRANSACTION_END: u32 = 7;
const WRITE: u32 = 11;
const RM: u32 = 13;
const ERROR: u32 = 16;

/// What the guest does when a record of it was written: given the domain and the path in it, it may change all records.
pub(crate) type Guest = fn(&mut Records, domain: &str, path: &str);
/// The records by their whole paths.
pub(crate) type Records = BTreeMap<String, String>;

/// A running xenstored.
pub(crate) struct Xenstored {
    records: Arc<Mutex<Records>>,
}

impl Xenstored {
    /// Listens on `socket`, until the test ends.
    pub(crate) fn start(socket: &Path, guest: Guest) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        let records = Arc::new(Mutex::new(Records::new()));
        let shared = Arc::clone(&records);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let records = Arc::clone(&shared);
                thread::spawn(move || serve(connection, &records, guest));
            }
        });
        Self { records }
    }

    /// Changes the records.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Records)) {
        change(&mut self.records.lock().unwrap());
    }

    /// The paths and values of all records below `path`.
    pub(crate) fn below(&self, path: &str) -> Vec<(String, String)> {
        let records = self.records.lock().unwrap();
        records
            .iter()
            .filter(|(known, _)| known.starts_with(path))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }
}

/// Answers until the client hangs up.
fn serve(mut connection: UnixStream, records: &Mutex<Records>, guest: Guest) -> Option<()> {
    loop {
        let mut header = [[0; 4]; 4];
        for field in &mut header {
            connection.read_exact(field).ok()?;
        }
        let [kind, _, _, length] = header.map(u32::from_ne_bytes);
        let mut payload = vec![0; length as usize];
        connection.read_exact(&mut payload).ok()?;
        let answer = perform(kind, &payload, &mut records.lock().unwrap(), guest);
        let (kind, payload) = answer.map_or_else(|e| (ERROR, format!("{e}\0").into_bytes()), |a| (kind, a));
        reply(&mut connection, kind, &header, &payload).ok()?;
    }
}

fn reply(connection: &mut UnixStream, kind: u32, header: &[[u8; 4]; 4], payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).unwrap().to_ne_bytes();
    connection.write_all(&[kind.to_ne_bytes(), header[1], header[2], length].concat())?;
    connection.write_all(payload)
}

fn perform(kind: u32, payload: &[u8], records: &mut Records, guest: Guest) -> Result<Vec<u8>, &'static str> {
    let text = String::from_utf8_lossy(payload);
    let (path, value) = text.split_once('\0').unwrap_or((&text, ""));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-/_@".contains(c);
    if [DIRECTORY, READ, WRITE, RM].contains(&kind)
        && (!path.chars().all(allowed) || path.ends_with('/') || path.contains("//"))
    {
        return Err("EINVAL");
    }
    let below = format!("{path}/");
    match kind {
        READ => records.get(path).map(|value| value.clone().into_bytes()).ok_or("ENOENT"),
        DIRECTORY if !records.contains_key(path) => Err("ENOENT"),
        DIRECTORY => {
            let names = records.keys().filter_map(|known| known.strip_prefix(&below));
            Ok(names
                .filter(|name| !name.contains('/'))
                .map(|name| format!("{name}\0"))
                .collect::<String>()
                .into())
        }
        WRITE => {
            let ancestors =
                path.match_indices('/').map(|(at, _)| &path[..at]).filter(|path| !path.is_empty());
            for path in ancestors {
                records.entry(path.to_owned()).or_default();
            }
            records.insert(path.to_owned(), value.to_owned());
            if let Some((domain, path)) = path.strip_prefix("/local/domain/").and_then(|p| p.split_once('/'))
            {
                guest(records, domain, path);
            }
            Ok(b"OK\0".to_vec())
        }
        RM => {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            if !records.contains_key(path) && !records.contains_key(parent) {
                return Err("ENOENT");
            }
            records.retain(|known, _| known != path && !known.starts_with(&below));
            Ok(b"OK\0".to_vec())
        }
        GET_PERMS => Ok(b"n0\0".to_vec()),
        TRANSACTION_START => Ok(b"1\0".to_vec()),
        TRANSACTION_END => Ok(b"OK\0".to_vec()),
        _ => Err("ENOSYS"),
    }
}
