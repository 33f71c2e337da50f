//! Why a kernel or ramdisk was not stored or removed.

use std::io;
use std::path::PathBuf;

use crate::os;

/// What is wrong, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that is more than a name, or none.
    #[error("{what}: expected a plain file name of at most 200 characters, found {found:?}")]
    Name {
        /// What it names.
        what: &'static str,
        /// The name.
        found: String,
    },
    /// A file somewhere else.
    #[error("{}: expected a file in {}: no other is removed", path.display(), directory.display())]
    Outside {
        /// The file.
        path: PathBuf,
        /// Where it should be.
        directory: PathBuf,
    },
    /// Something that is no file has the name.
    #[error("{}: expected a regular file, found something else: look at it, and remove it by hand", path.display())]
    NotAFile {
        /// What has it.
        path: PathBuf,
    },
    /// A device name that leads anywhere, or a device that is none.
    #[error("the device of the VDI: expected {expected}, found {found}")]
    Device {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The disk is smaller than the image is said to be.
    #[error("{}: expected an image of {expected} bytes, found a disk of {found}", path.display())]
    Short {
        /// The device.
        path: PathBuf,
        /// Bytes asked for.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// It does not fit.
    #[error("{}: {needed} bytes are needed, {free} are free: remove what is not needed there", directory.display())]
    NoSpace {
        /// The directory.
        directory: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// The data did not get there.
    #[error("copying {} to {}", from.display(), to.display())]
    Copy {
        /// Where it comes from.
        from: PathBuf,
        /// Where it goes.
        to: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system.
    #[error(transparent)]
    Os(#[from] os::Error),
}
