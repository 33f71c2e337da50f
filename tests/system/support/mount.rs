//! File systems of the tests' own: mounted where root can, unmounted whatever happens.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::judge::have;
use super::skipped;

/// A mounted file system; dropping it unmounts it.
pub(crate) struct Mount {
    point: PathBuf,
    _scratch: TempDir,
}

impl Mount {
    /// A tmpfs of so many bytes.
    pub(crate) fn tmpfs(what: &str, bytes: u64) -> Option<Self> {
        Self::attach(what, &["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
    }

    /// An image of a file system made by `mkfs`, on a loop device.
    pub(crate) fn looped(what: &str, mkfs: &[&str], bytes: u64) -> Option<Self> {
        let Some(program) = have(mkfs[0]) else {
            skipped(what, &format!("there is no {}", mkfs[0]));
            return None;
        };
        let image = tempfile::NamedTempFile::new().expect("a temporary file");
        image.as_file().set_len(bytes).expect("a sparse file");
        let made = Command::new(program).args(&mkfs[1..]).arg(image.path()).output().expect("mkfs runs");
        if !made.status.success() {
            skipped(what, &format!("{} failed: {}", mkfs[0], String::from_utf8_lossy(&made.stderr).trim()));
            return None;
        }
        // The loop device keeps the file; its name may go.
        Self::attach(what, &["-o", "loop", image.path().to_str().expect("a path of ASCII")])
    }

    fn attach(what: &str, args: &[&str]) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skipped(what, "only root can mount");
            return None;
        }
        let scratch = tempfile::tempdir().expect("a temporary directory");
        let point = scratch.path().join("mnt");
        std::fs::create_dir(&point).expect("a directory");
        let mounted = Command::new("mount").args(args).arg(&point).output().expect("mount runs");
        if !mounted.status.success() {
            skipped(what, &format!("mount: {}", String::from_utf8_lossy(&mounted.stderr).trim()));
            return None;
        }
        Some(Self { point, _scratch: scratch })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.point
    }

    /// Mounts it again with other options.
    pub(crate) fn remount(&self, option: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.point).status();
        assert!(done.expect("mount runs").success(), "remounting {option}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmount = |args: &[&str]| Command::new("umount").args(args).arg(&self.point).status();
        if !unmount(&[]).is_ok_and(|status| status.success()) {
            let _ = unmount(&["--lazy"]);
        }
    }
}
