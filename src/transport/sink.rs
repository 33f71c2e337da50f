//! A stream that an image is written to. What it was written to has it only when it is whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use super::error::Error;
use super::glance::{self, Image, Upload};
use super::new_file::NewFile;
use crate::config::Settings;
use crate::os;

/// Where the bytes are meant to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file that must not exist yet; or a pipe or device that does.
    File(PathBuf),
    /// The image of Glance with this id, which waits for data.
    Glance(String),
}

impl From<&str> for Target {
    fn from(name: &str) -> Self {
        match glance::id_in(name) {
            Some(id) => Self::Glance(id.to_owned()),
            None if name == "-" => Self::Stdout,
            None => Self::File(PathBuf::from(name)),
        }
    }
}

enum Inner {
    Stdout(io::Stdout),
    /// A regular file in the making.
    New(NewFile, File, Progress),
    /// Something that was there and is no regular file: a pipe, a device.
    Existing(File),
    /// An image of Glance.
    Upload(Box<Upload>),
}

/// How far a file is, and how much of that is on its way to the disk.
#[derive(Default)]
struct Progress {
    at: u64,
    writeback: os::Writeback,
}

/// An open target.
pub struct Sink {
    inner: Inner,
}

impl Sink {
    /// Opens `target` for writing; the settings say where Glance is.
    ///
    /// # Errors
    /// The file exists, or cannot be created; the image does not wait for data.
    pub fn open(target: &Target, settings: &Settings) -> Result<Self, Error> {
        let inner = match target {
            Target::Stdout => Inner::Stdout(io::stdout()),
            Target::Glance(id) => {
                return Ok(Self::upload(Upload::begin(Image::configured(id, settings)?, &[])?));
            }
            Target::File(path) => match std::fs::symlink_metadata(path) {
                Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
                    let opened = File::options().write(true).open(path);
                    Inner::Existing(opened.map_err(os::Error::at("opening", path))?)
                }
                _ => {
                    let new = NewFile::create(path)?;
                    let file = new.file().map_err(os::Error::at("opening", path))?;
                    Inner::New(new, file, Progress::default())
                }
            },
        };
        Ok(Self { inner })
    }

    /// Writes to an image of Glance.
    #[must_use]
    pub fn upload(upload: Upload) -> Self {
        Self { inner: Inner::Upload(Box::new(upload)) }
    }

    /// Ends the stream; a file is made durable and gets its name, an image of Glance is verified.
    ///
    /// # Errors
    /// Somebody took the name meanwhile, or the system or the server refused.
    pub fn commit(mut self) -> Result<(), Error> {
        self.flush().map_err(os::Error::at("writing to", "the target"))?;
        match self.inner {
            Inner::New(new, ..) => new.commit(),
            Inner::Upload(upload) => Ok(upload.commit()?),
            Inner::Stdout(_) | Inner::Existing(_) => Ok(()),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.inner {
            Inner::Stdout(out) => out.write(buf),
            Inner::New(_, file, progress) => {
                let n = file.write(buf)?;
                progress.at += n as u64;
                progress.writeback.written(file, progress.at);
                Ok(n)
            }
            Inner::Existing(file) => file.write(buf),
            Inner::Upload(upload) => upload.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.inner {
            Inner::Stdout(out) => out.flush(),
            Inner::New(_, file, _) => file.flush(),
            Inner::Existing(file) => file.flush(),
            Inner::Upload(upload) => upload.flush(),
        }
    }
}
