//! A stream that an image is written to. A file appears under its name only when it is whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::Error;
use crate::os;

/// Where the bytes are meant to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file that must not exist yet; or a pipe or device that does.
    File(PathBuf),
}

impl From<&str> for Target {
    fn from(name: &str) -> Self {
        match name {
            "-" => Self::Stdout,
            path => Self::File(PathBuf::from(path)),
        }
    }
}

enum Inner {
    Stdout(io::Stdout),
    /// A regular file under a name of its own, until it is whole.
    New(NamedTempFile, PathBuf),
    /// Something that was there and is no regular file: a pipe, a device.
    Existing(File),
}

/// An open target.
pub struct Sink {
    inner: Inner,
}

impl Sink {
    /// Opens `target` for writing.
    ///
    /// # Errors
    /// The file exists, or cannot be created.
    pub fn open(target: &Target) -> Result<Self, Error> {
        let inner = match target {
            Target::Stdout => Inner::Stdout(io::stdout()),
            Target::File(path) => match std::fs::symlink_metadata(path) {
                Ok(metadata) if metadata.is_file() || metadata.is_dir() => {
                    return Err(Error::Exists { path: path.display().to_string() });
                }
                Ok(_) => {
                    let opened = File::options().write(true).open(path);
                    Inner::Existing(opened.map_err(os::Error::at("opening", path))?)
                }
                Err(_) => {
                    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                    let file = tempfile::Builder::new()
                        .prefix(".vhd-porter-")
                        .suffix(".part")
                        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
                        .tempfile_in(dir);
                    Inner::New(file.map_err(os::Error::at("creating a file in", dir))?, path.clone())
                }
            },
        };
        Ok(Self { inner })
    }

    /// Makes what was written durable and gives it its name.
    ///
    /// # Errors
    /// Somebody took the name meanwhile, or the system refused.
    pub fn commit(mut self) -> Result<(), Error> {
        self.flush().map_err(os::Error::at("writing to", self.path()))?;
        let Inner::New(file, path) = self.inner else { return Ok(()) };
        file.as_file().sync_all().map_err(os::Error::at("syncing", &path))?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(()),
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::Exists { path: path.display().to_string() })
            }
            Err(e) => Err(os::Error::at("naming", &path)(e.error).into()),
        }
    }

    fn path(&self) -> PathBuf {
        match &self.inner {
            Inner::New(_, path) => path.clone(),
            _ => PathBuf::from("standard output"),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.inner {
            Inner::Stdout(out) => out.write(buf),
            Inner::New(file, _) => file.write(buf),
            Inner::Existing(file) => file.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.inner {
            Inner::Stdout(out) => out.flush(),
            Inner::New(file, _) => file.flush(),
            Inner::Existing(file) => file.flush(),
        }
    }
}
