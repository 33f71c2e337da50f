//! [`Device`]: a disk that holds a kernel or ramdisk from its first byte on.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::os;

/// Deepest name: `sm/backend/<SR>/<VDI>`.
const MOST_PARTS: usize = 4;

/// A disk, open to be read only.
#[derive(Debug)]
pub struct Device {
    pub(super) file: File,
    pub(super) path: PathBuf,
    /// Bytes.
    pub(super) size: u64,
}

impl Device {
    /// Opens the disk that xapi calls `name`, such as `xvdb` or `sm/backend/<SR>/<VDI>`, in `directory`.
    ///
    /// # Errors
    /// The name leads somewhere else, there is no such disk, or it is none.
    pub fn open(directory: &Path, name: &str) -> Result<Self, Error> {
        let parts: Vec<&str> = name.split('/').collect();
        if parts.len() > MOST_PARTS || !parts.iter().all(|part| is_part(part)) {
            let found = format!("{:?}", name.chars().take(64).collect::<String>());
            return Err(Error::Device { expected: "a name such as xvdb", found });
        }
        let path = directory.join(name);
        // The storage manager's names are symlinks. Nothing that is opened here may block.
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let opened = OpenOptions::new().read(true).custom_flags(nonblocking).open(&path);
        let mut file = opened.map_err(os::Error::at("opening", &path))?;
        let kind = file.metadata().map_err(os::Error::at("examining", &path))?.file_type();
        if !kind.is_block_device() && !kind.is_file() {
            let found = format!("{} is something else", path.display());
            return Err(Error::Device { expected: "a disk", found });
        }
        let size = file.seek(SeekFrom::End(0)).map_err(os::Error::at("measuring", &path))?;
        file.rewind().map_err(os::Error::at("rewinding", &path))?;
        Ok(Self { file, path, size })
    }
}

fn is_part(part: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !part.is_empty() && !part.starts_with('.') && part.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_directory() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("sm/backend/sr")).unwrap();
        std::fs::write(place.path().join("sm/backend/sr/vdi"), "1234567").unwrap();
        assert_eq!(Device::open(place.path(), "sm/backend/sr/vdi").unwrap().size, 7);
        for name in
            ["", "/", "/etc/passwd", "../xvda", "a/../../b", "a//b", "a/b/c/d/e", "xvd a", "xvda\n", "."]
        {
            let said = Device::open(place.path(), name).unwrap_err().to_string();
            assert!(said.contains("expected a name such as xvdb, found"), "{name}: {said}");
        }
        let said = Device::open(place.path(), "sm").unwrap_err().to_string();
        assert!(said.contains("expected a disk, found"), "{said}");
        let said = Device::open(Path::new("/dev"), "null").unwrap_err().to_string();
        assert!(said.contains("expected a disk, found"), "{said}");
    }
}
