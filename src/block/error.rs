//! Why a block device could not be worked on.

use std::path::PathBuf;

use crate::os;

/// An error about a block device.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name cannot be that of a device.
    #[error("{name:?}: expected the name of a device such as xvdb or /dev/xvdb, found one that leaves /dev")]
    Name {
        /// As given.
        name: String,
    },
    /// There is no such device.
    #[error("{}: expected a block device, found nothing", .0.display())]
    Missing(PathBuf),
    /// It is something else.
    #[error("{}: expected a block device, found something else", .0.display())]
    NotABlockDevice(PathBuf),
    /// Somebody uses it.
    #[error("{} is in use: expected a device that is not mounted and has no other owner", .0.display())]
    Busy(PathBuf),
    /// The partition is not there.
    #[error("{} has no partition {number}", .device.display())]
    NoPartition {
        /// The disk.
        device: PathBuf,
        /// Number of the partition, from 1.
        number: u64,
    },
    /// No such kind of file system can be made.
    #[error("Partition type {name} not supported: expected one of {}", .known.join(", "))]
    FileSystem {
        /// As given.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// The label does not fit.
    #[error("label: expected at most {most} printable ASCII characters for {file_system}, found {label:?}")]
    Label {
        /// The kind of file system.
        file_system: &'static str,
        /// Its longest label.
        most: usize,
        /// As given.
        label: String,
    },
    /// A program printed something unknown.
    #[error("{command}: expected {expected}, found {found:?}")]
    Output {
        /// Program and arguments, quoted.
        command: String,
        /// What its output should hold.
        expected: &'static str,
        /// What it printed.
        found: String,
    },
    /// A program failed.
    #[error(transparent)]
    Spawn(#[from] os::SpawnError),
    /// The system refused.
    #[error(transparent)]
    Os(#[from] os::Error),
}
