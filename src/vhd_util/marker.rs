//! Marker and key hash: bytes that the storage manager keeps with an image. They live in the head of the batmap, and in
//! extended attributes of the file where there is no batmap.

use std::os::fd::AsFd;

use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};

use super::disk::Disk;
use super::errno::Errno;

/// Attribute that holds the marker.
const MARKER: &str = "user.com.citrix.xenclient.backend.marker";
/// Attribute that holds the key hash: a byte that says whether it is set, the nonce, the hash.
const KEY_HASH: &str = "user.com.citrix.xenclient.backend.keyhash";

/// A key hash: the nonce, and the SHA-256 of nonce and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyHash {
    pub(crate) nonce: [u8; 32],
    pub(crate) hash: [u8; 32],
}

/// The marker, a signed byte; 0 where none was set.
pub(crate) fn read(disk: &Disk) -> Result<i8, Errno> {
    if let Some(batmap) = disk.batmap_head()? {
        return Ok(batmap.header.marker.cast_signed());
    }
    let mut byte = [0; 1];
    attribute(disk, MARKER, &mut byte).map(|_| byte[0].cast_signed())
}

/// Sets the marker of an image without batmap.
pub(crate) fn set_attribute(disk: &Disk, marker: u8) -> Result<(), Errno> {
    Ok(fsetxattr(disk.file.as_fd(), MARKER, &[marker], XattrFlags::empty())?)
}

/// The key hash, if one is set.
pub(crate) fn key_hash(disk: &Disk) -> Result<Option<KeyHash>, Errno> {
    if let Some(batmap) = disk.batmap_head()? {
        let head = &batmap.header;
        let hash = KeyHash { nonce: head.key_nonce, hash: head.key_hash };
        return Ok((head.key_present == 1).then_some(hash));
    }
    let mut bytes = [0; 65];
    if !attribute(disk, KEY_HASH, &mut bytes)? || bytes[0] != 1 {
        return Ok(None);
    }
    let half = |from: usize| <[u8; 32]>::try_from(&bytes[from..from + 32]).unwrap_or([0; 32]);
    Ok(Some(KeyHash { nonce: half(1), hash: half(33) }))
}

/// Sets the key hash of an image without batmap.
pub(crate) fn set_key_attribute(disk: &Disk, key: &KeyHash) -> Result<(), Errno> {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(&key.nonce);
    bytes[33..].copy_from_slice(&key.hash);
    Ok(fsetxattr(disk.file.as_fd(), KEY_HASH, &bytes, XattrFlags::empty())?)
}

/// Reads an attribute into `buf`; says whether it is there. A file system without attributes has none.
fn attribute(disk: &Disk, name: &str, buf: &mut [u8]) -> Result<bool, Errno> {
    use rustix::io::Errno as Code;
    match fgetxattr(disk.file.as_fd(), name, &mut *buf) {
        Ok(n) => Ok(n == buf.len()),
        Err(Code::NODATA | Code::NOTSUP | Code::RANGE) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
