//! Block devices of this host: finding one, giving it a partition, and a partition a file system.
//!
//! ```text
//! name ─▶ Device ─▶ sfdisk
//!            └────▶ partx ─▶ Window: a loop device over the partition ─▶ mkfs, mkswap
//! ```
//!
//! The control domain has no device nodes for the partitions of a disk that is attached to it. Where os-xenapi has kpartx
//! map all of them under names that everybody shares, and unmap them again, a loop device shows the one that is meant, and
//! vanishes when it is closed, however this process ends.

mod device;
mod error;
mod file_system;
mod partition;
mod programs;
mod window;

pub use device::Device;
pub use error::Error;
pub use file_system::FileSystem;
pub use partition::{format, make_partition};
pub use programs::Programs;
