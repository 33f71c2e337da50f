//! What a source is known by, without opening it: whether a call that is made again means the same one.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::glance;
use super::source::file_url_path;

/// Where an image comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The same for the same place; `None` where two of the same name have nothing in common, like standard input.
    pub place: Option<String>,
    /// What is there now: nothing when it has gone, or when that is not looked at. A source that has changed has traces
    /// that it did not have before.
    pub traces: BTreeSet<String>,
}

impl Origin {
    /// That of a source by the name that it is opened by. A URL other than of a file is taken at its word: what it names
    /// is not looked at.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if name == "-" {
            return Self::default();
        }
        if glance::id_in(name).is_some() {
            // Whichever server has it: its id is all that an image is known by.
            return Self { place: Some(name.to_owned()), traces: BTreeSet::new() };
        }
        let path = match name.split_once("://") {
            Some(("file", rest)) => file_url_path(name, rest).ok(),
            Some(_) => return Self { place: Some(name.to_owned()), traces: BTreeSet::new() },
            None => Some(PathBuf::from(name)),
        };
        path.map_or_else(Self::default, |path| Self::of_file(&path))
    }

    /// That of a file. One that is no regular file gives other bytes every time.
    fn of_file(path: &Path) -> Self {
        let Ok(place) = std::path::absolute(path) else { return Self::default() };
        let place = place.as_os_str().as_encoded_bytes().escape_ascii().to_string();
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let (size, time) = (metadata.len(), (metadata.mtime(), metadata.mtime_nsec()));
                let trace = format!("file {} of {size} bytes as of {}.{:09}", metadata.ino(), time.0, time.1);
                Self { place: Some(place), traces: BTreeSet::from([trace]) }
            }
            Ok(_) => Self::default(),
            Err(_) => Self { place: Some(place), traces: BTreeSet::new() },
        }
    }

    /// That of a directory of files, some of which may go while the others stay as they are.
    ///
    /// # Errors
    /// It is there, and cannot be listed.
    pub fn of_directory(path: &Path) -> Result<Self, Error> {
        let mut origin = Self::of_file(path);
        let entries = match crate::os::again(|| std::fs::read_dir(path)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(origin),
            Err(error) => return Err(crate::os::Error::at("listing", path)(error).into()),
        };
        origin.place = Some(path.as_os_str().as_encoded_bytes().escape_ascii().to_string());
        for entry in entries {
            let entry = entry.map_err(crate::os::Error::at("listing", path))?;
            let inode = std::os::unix::fs::DirEntryExt::ino(&entry);
            origin.traces.insert(format!("{inode} {}", entry.file_name().as_encoded_bytes().escape_ascii()));
        }
        Ok(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_by_every_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a b.vhd");
        let name = path.to_str().unwrap();
        let gone = Origin::of(name);
        assert!(gone.place.is_some() && gone.traces.is_empty());
        std::fs::write(&path, "1").unwrap();
        let there = Origin::of(name);
        assert_eq!((&there.place, there.traces.len()), (&gone.place, 1));
        assert_eq!(Origin::of(&format!("file://{}", name.replace(' ', "%20"))), there);
        std::fs::write(&path, "22").unwrap();
        assert_ne!(Origin::of(name).traces, there.traces);
        let relative = Origin::of("a b.vhd").place.unwrap();
        assert!(relative.starts_with('/') && relative.ends_with("/a b.vhd"), "{relative}");
    }

    #[test]
    fn what_cannot_be_known_again_has_no_place() {
        for name in ["-", "/dev/null", "/", "file://host/x"] {
            assert_eq!(Origin::of(name), Origin::default(), "{name}");
        }
    }

    #[test]
    fn a_directory_that_loses_files_is_still_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("d");
        let gone = Origin::of_directory(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        ["0.vhd", "1.vhd"].iter().for_each(|name| std::fs::write(path.join(name), name).unwrap());
        let whole = Origin::of_directory(&path).unwrap();
        std::fs::remove_file(path.join("0.vhd")).unwrap();
        let half = Origin::of_directory(&path).unwrap();
        assert!(whole.place == gone.place && half.place == gone.place && gone.traces.is_empty());
        assert!(half.traces.is_subset(&whole.traces) && half.traces.len() == 1);
    }
}
