//! [`Device`]: a block device under `/dev`.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::error::Error;
use crate::os;

/// Where devices are.
const DEV: &str = "/dev";
/// How often it is looked for a device that is to come.
const PAUSE: Duration = Duration::from_millis(100);

/// A block device that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    path: PathBuf,
}

impl Device {
    /// Finds the device `name`: `xvdb`, `sm/backend/SR/VDI`, or either with `/dev/`. Symlinks are followed as long as they
    /// stay in `/dev`, as those of udev do.
    ///
    /// # Errors
    /// The name leaves `/dev`; there is nothing; it is no block device.
    #[expect(clippy::disallowed_methods, reason = "the root of this path is /dev")]
    pub fn find(name: &str) -> Result<Self, Error> {
        let path = within_dev(name)?;
        let found = std::fs::canonicalize(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Error::Missing(path.clone()),
            _ => os::Error::at("resolving", &path)(e).into(),
        })?;
        if !found.starts_with(DEV) {
            return Err(Error::Name { name: name.to_owned() });
        }
        let metadata = std::fs::metadata(&found).map_err(os::Error::at("examining", &found))?;
        let is_block = metadata.file_type().is_block_device();
        if is_block { Ok(Self { path: found }) } else { Err(Error::NotABlockDevice(path)) }
    }

    /// Waits until the device `name` is there, looking at least once; whether it is.
    ///
    /// # Errors
    /// The name leaves `/dev`, or the system refused.
    pub fn wait_for(name: &str, longest: Duration) -> Result<bool, Error> {
        let start = Instant::now();
        loop {
            match Self::find(name) {
                Ok(_) => return Ok(true),
                Err(Error::Missing(_) | Error::NotABlockDevice(_)) if start.elapsed() < longest => {
                    thread::sleep(PAUSE);
                }
                Err(Error::Missing(_) | Error::NotABlockDevice(_)) => return Ok(false),
                Err(other) => return Err(other),
            }
        }
    }

    /// Its path in `/dev`, without symlinks.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that nobody has it: no mount, no swap, no mapping, neither of it nor of a partition of it.
    ///
    /// # Errors
    /// [`Error::Busy`], or the system refused.
    pub fn require_idle(&self) -> Result<(), Error> {
        // Of block devices, open(2) says that O_EXCL without O_CREAT fails if the device is in use by the system.
        match self.open(OFlags::RDWR | OFlags::EXCL) {
            Ok(_) => Ok(()),
            Err(Errno::BUSY) => Err(Error::Busy(self.path.clone())),
            Err(e) => Err(os::Error::at("opening", &self.path)(e).into()),
        }
    }

    /// Makes what was written to it durable.
    ///
    /// # Errors
    /// The system says that it could not.
    pub fn sync(&self) -> Result<(), Error> {
        let file = self.open(OFlags::RDWR).map_err(os::Error::at("opening", &self.path))?;
        Ok(file.sync_all().map_err(os::Error::at("syncing", &self.path))?)
    }

    fn open(&self, how: OFlags) -> Result<File, Errno> {
        rustix::fs::open(&self.path, how | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty()).map(File::from)
    }
}

/// `name` as a path below `/dev`, by its text alone.
fn within_dev(name: &str) -> Result<PathBuf, Error> {
    let path = Path::new(DEV).join(name);
    let mut below = path.strip_prefix(DEV).unwrap_or(Path::new("")).components().peekable();
    let fits = below.peek().is_some()
        && below.all(|part| matches!(part, Component::Normal(_)))
        && !name.chars().any(char::is_control);
    if fits { Ok(path) } else { Err(Error::Name { name: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_dev() {
        for (name, path) in [
            ("xvdb", "/dev/xvdb"),
            ("/dev/xvdb", "/dev/xvdb"),
            ("sm/backend/a/b", "/dev/sm/backend/a/b"),
            ("-x", "/dev/-x"),
        ] {
            assert_eq!(within_dev(name).unwrap(), Path::new(path), "{name}");
        }
        for name in
            ["", "/", "/dev", "/dev/", "..", "/etc/passwd", "/dev/../etc", "a/../../b", "/devil", "a\nb"]
        {
            assert!(matches!(within_dev(name), Err(Error::Name { .. })), "{name:?}");
        }
    }

    #[test]
    fn what_is_no_block_device_is_not_found() {
        assert!(matches!(Device::find("null"), Err(Error::NotABlockDevice(_))));
        assert!(matches!(Device::find("no-such-device"), Err(Error::Missing(_))));
        assert!(!Device::wait_for("null", Duration::ZERO).unwrap());
        // /dev/fd leads to /proc.
        assert!(matches!(Device::find("fd"), Err(Error::Name { .. })));
    }
}
