//! What a scan finds out about one image.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::vhd::{Storage, ascii_parent_name};
use crate::vhd_util::disk::{self, Disk, Opening};
use crate::vhd_util::errno::Errno;
use crate::vhd_util::{dump, marker, parent};

/// One image.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// As it was named.
    pub(super) name: PathBuf,
    /// Where it really is.
    pub(super) canonical: PathBuf,
    /// Bytes of the disk.
    pub(super) capacity: u64,
    /// Bytes of the file.
    pub(super) size: u64,
    /// The hidden byte.
    pub(super) hidden: u8,
    /// Marker and key hash, where they were asked for.
    pub(super) markers: Option<(i8, String)>,
    /// The parent, as far as it could be found out.
    pub(super) parent: Option<PathBuf>,
    /// Whether that is a raw file.
    pub(super) parent_is_raw: bool,
}

/// What went wrong, in the words of a scan.
pub(super) type Failure = (Errno, &'static str);

/// Reads the image at `name`.
pub(super) fn read(name: &Path, fast: bool, markers: bool) -> Result<Entry, Failure> {
    let how = Opening { fast, disabled: true, ..Opening::default() };
    let disk = Disk::open(name, how).map_err(|e| (e, "opening file"))?;
    let markers = if markers {
        let read = marker::read(&disk).and_then(|m| Ok((m, marker::key_hash(&disk)?)));
        let (marker, key) = read.map_err(|e| (e, "checking markers"))?;
        Some((marker, key.map_or_else(String::new, |key| dump::hex(&key.hash))))
    } else {
        None
    };
    Ok(Entry {
        name: name.to_owned(),
        canonical: parent::canonical(name).unwrap_or_else(|_| name.to_owned()),
        capacity: disk.size(),
        size: disk.len,
        hidden: disk.footer.hidden,
        markers,
        parent_is_raw: disk.has_raw_parent(),
        parent: parent_of(&disk, fast).map_err(|e| (e, "getting parent"))?,
    })
}

/// A raw file at the base of a chain: it has no say of its own, so it counts as hidden.
pub(super) fn raw(name: &Path) -> Result<Entry, Errno> {
    let size = disk::open_file(name, false)?.len()?;
    Ok(Entry {
        name: name.to_owned(),
        canonical: parent::canonical(name).unwrap_or_else(|_| name.to_owned()),
        capacity: size,
        size,
        hidden: 1,
        markers: None,
        parent: None,
        parent_is_raw: false,
    })
}

/// The parent: by its name in the header when it has to be fast, else by the locators; what they say where they lead
/// nowhere.
fn parent_of(disk: &Disk, fast: bool) -> Result<Option<PathBuf>, Errno> {
    if !disk.is_child() {
        return Ok(None);
    }
    if fast {
        if let Some(name) = ascii_parent_name(disk.header()?) {
            return Ok(Some(name.into()));
        }
        let text = parent::named(disk)?;
        return Ok(Some(text.rsplit('/').next().unwrap_or_default().into()));
    }
    let named = |_| parent::named(disk).map(|text| PathBuf::from(OsString::from_vec(text.into_bytes())));
    parent::locate(disk).or_else(named).map(Some)
}
