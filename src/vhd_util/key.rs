//! `key`: the hash of the key that an image's data is encrypted with.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::console::{Console, complain, say};
use super::disk::{Disk, Opening};
use super::dump::hex;
use super::errno::Errno;
use super::getopt::Options;
use super::marker::{self, KeyHash};
use super::writing;
use crate::vhd::DiskType;

pub(super) const USAGE: &str = "usage:
-C -k KEYPATH [-N NONCE]: calculate keyhash for KEYPATH
-s -n NAME <-k KEYPATH> | -H HASH> [-N NONCE]: set keyhash for NAME
-c -n NAME <-k KEYPATH>: check keyhash for NAME
-p -n NAME: print keyhash for NAME
-h help
";

/// Where the hash or the key comes from.
#[derive(Debug, Default)]
struct Given {
    name: Option<OsString>,
    key: Option<OsString>,
    hash: Option<String>,
    nonce: Option<String>,
}

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("key", "n:k:H:N:scpCh", args, console);
    let (mut given, mut verb) = (Given::default(), None);
    for option in options.given {
        match option.letter {
            'n' => given.name = Some(option.value),
            'k' => given.key = Some(option.value),
            'H' => given.hash = Some(option.text()),
            'N' => given.nonce = Some(option.text()),
            'h' => {
                complain!(console, "{USAGE}");
                return Ok(());
            }
            '?' => return wrong(console),
            letter => verb = Some(letter),
        }
    }
    if !options.operands.is_empty() {
        return wrong(console);
    }
    match (verb, &given) {
        (Some('p'), Given { name: Some(name), .. }) => print(Path::new(name), console),
        (Some('s'), Given { name: Some(name), key, hash, .. }) if key.is_some() != hash.is_some() => {
            set(Path::new(name), &given, console)
                .inspect_err(|e| complain!(console, "setting key failed: {e}\n"))
        }
        (Some('c'), Given { name: Some(name), key: Some(key), .. }) => check(Path::new(name), key, console)
            .inspect_err(|e| complain!(console, "key check failed: {e}\n")),
        (Some('C'), Given { key: Some(key), .. }) => calculate(key, &given, console)
            .inspect_err(|e| complain!(console, "vhd_util_key: calculating keyhash failed: {e}\n")),
        _ => wrong(console),
    }
}

fn wrong(console: &mut Console<'_>) -> Result<(), Errno> {
    complain!(console, "{USAGE}");
    Err(Errno::INVAL)
}

fn open(path: &Path, console: &mut Console<'_>) -> Result<Disk, Errno> {
    Disk::open(path, Opening::default())
        .inspect_err(|e| complain!(console, "failed to open {}: {e}\n", path.display()))
}

fn print(path: &Path, console: &mut Console<'_>) -> Result<(), Errno> {
    let disk = open(path, console)?;
    match marker::key_hash(&disk).inspect_err(|e| complain!(console, "failed to read keyhash: {e}\n"))? {
        Some(key) => say!(console, "{} {}\n", hex(&key.nonce), hex(&key.hash)),
        None => say!(console, "none\n"),
    }
    Ok(())
}

/// 32 bytes in hexadecimal.
fn unhex(text: &str, console: &mut Console<'_>) -> Result<[u8; 32], Errno> {
    if text.len() != 64 {
        complain!(console, "vhd_util_set_hex: invalid size for hex string\n");
        return Err(Errno::INVAL);
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
            complain!(console, "vhd_util_set_hex: invalid hex digit\n");
            return Err(Errno::INVAL);
        };
        *byte = high << 4 | low;
    }
    Ok(bytes)
}

fn nonce(given: &Given, console: &mut Console<'_>) -> Result<[u8; 32], Errno> {
    given.nonce.as_deref().map_or(Ok([0; 32]), |text| unhex(text, console))
}

/// The hash of the key in a file: 256 or 512 bits, and nothing else.
fn hash_file(key: &OsStr, nonce: &[u8; 32], console: &mut Console<'_>) -> Result<KeyHash, Errno> {
    let read = std::fs::read(key).map_err(Errno::from).and_then(|bytes| {
        if matches!(bytes.len(), 32 | 64) {
            return Ok(bytes);
        }
        complain!(console, "vhd_util_read_key: short read of key\n");
        Err(Errno::IO)
    });
    let key = read.inspect_err(|e| {
        complain!(console, "vhd_util_calculate_keyhash: failed to read key: {e}\n");
        complain!(console, "vhd_util_set_keyhash: failed to calculate keyhash: {e}\n");
    })?;
    let digest = Sha256::new().chain_update(nonce).chain_update(key).finalize();
    Ok(KeyHash { nonce: *nonce, hash: digest.into() })
}

fn set(path: &Path, given: &Given, console: &mut Console<'_>) -> Result<(), Errno> {
    let work = writing::open(path)
        .inspect_err(|e| complain!(console, "failed to open {}: {e}\n", path.display()))?;
    if work.disk.kind() == Some(DiskType::Fixed) {
        complain!(console, "vhd_util_set_key: can't save key hashes for fixed vhds\n");
        return Err(Errno::INVAL);
    }
    let allocated = work.disk.allocated();
    let allocated =
        allocated.inspect_err(|e| complain!(console, "vhd_util_set_key: error reading bat: {e}\n"))?;
    if allocated > 0 || work.disk.is_child() {
        complain!(console, "vhd_util_set_key: can't save key hashes for non-empty vhds\n");
        return Err(Errno::INVAL);
    }
    let nonce = nonce(given, console)?;
    let key = match (&given.hash, &given.key) {
        (Some(hash), _) => KeyHash { nonce, hash: unhex(hash, console)? },
        (None, Some(key)) => hash_file(key, &nonce, console)?,
        (None, None) => return Err(Errno::INVAL),
    };
    work.disk.batmap()?;
    if work.image()?.set_key_hash(key.nonce, key.hash)? {
        return Ok(());
    }
    marker::set_key_attribute(&work.disk, &key)
}

fn check(path: &Path, key: &OsStr, console: &mut Console<'_>) -> Result<(), Errno> {
    let disk = open(path, console)?;
    let Some(stored) = marker::key_hash(&disk)? else {
        complain!(console, "vhd_util_check_key: this vhd has no keyhash\n");
        return Err(Errno::INVAL);
    };
    if hash_file(key, &stored.nonce, console)? == stored {
        return Ok(());
    }
    complain!(console, "vhd_util_check_key: key does not match the keyhash\n");
    Err(Errno::INVAL)
}

fn calculate(key: &OsStr, given: &Given, console: &mut Console<'_>) -> Result<(), Errno> {
    let nonce = nonce(given, console)?;
    let hash = hash_file(key, &nonce, console)?;
    say!(console, "{} {}\n", hex(&hash.nonce), hex(&hash.hash));
    Ok(())
}
