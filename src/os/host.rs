//! Who we are, and where we run.

use std::path::Path;

use rustix::fs::{Access, access};
use rustix::io::retry_on_intr;

/// The release of the kernel, as `uname -r` prints it.
#[must_use]
pub fn kernel_release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

/// Whether nothing is forbidden to this process for whose it is.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether files can be made in a directory, as far as the system says so without one being made.
#[must_use]
pub fn may_write(directory: &Path) -> bool {
    retry_on_intr(|| access(directory, Access::WRITE_OK | Access::EXEC_OK)).is_ok()
}
