//! The files of a mounted image, copied into a directory of ours.

use std::io::{self, Read as _};

use rustix::fs::FileType;

use super::error::Error;
use crate::os::{self, Dir};

/// What a boot image may hold. An image may claim the same bytes for many files, or a directory for its own child.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Directories inside each other; ISO 9660 allows 8.
    depth: u32,
    /// Files and directories.
    entries: u64,
    /// Bytes of all files.
    bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 8, entries: 10_000, bytes: 1 << 30 }
    }
}

/// Copies what is in `from` into `to`, which is empty, but for the names in `except`. Nothing but files and directories
/// passes: a symlink could lead out of either.
pub(super) fn copy(from: &Dir, to: &Dir, except: &[&str], mut limits: Limits) -> Result<(), Error> {
    copy_within(from, to, except, &mut limits)
}

fn copy_within(from: &Dir, to: &Dir, except: &[&str], limits: &mut Limits) -> Result<(), Error> {
    for name in from.names()? {
        let refused = |expected: &str, found| {
            let path = from.path().join(&name);
            Err(Error::Member { path, expected: expected.to_owned(), found })
        };
        let Some(name) = name.to_str() else { return refused("a name in UTF-8", "other bytes") };
        if except.contains(&name) {
            continue;
        }
        if limits.entries == 0 {
            return refused("no more than 10000 files and directories", "one more");
        }
        limits.entries -= 1;
        let Some(stat) = from.stat(name)? else { return refused("what its directory lists", "nothing") };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if limits.depth == 0 => {
                return refused("at most 8 levels", "another directory");
            }
            FileType::Directory => {
                limits.depth -= 1;
                copy_within(&Dir::open(from.join(name))?, &to.create_dir(name)?, &[], limits)?;
                limits.depth += 1;
            }
            FileType::RegularFile => {
                let mut file = from.open_file(name, false)?.take(limits.bytes + 1);
                let copied = io::copy(&mut file, &mut to.create(name)?);
                let copied = copied.map_err(os::Error::at("copying", from.join(name)))?;
                let Some(left) = limits.bytes.checked_sub(copied) else {
                    return refused("no more than 1 GiB of files", "more");
                };
                limits.bytes = left;
            }
            FileType::Symlink => return refused("a file or a directory", "a symlink"),
            _ => return refused("a file or a directory", "something else"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use tempfile::TempDir;

    fn copied(make: impl FnOnce(&Path), limits: Limits) -> Result<TempDir, String> {
        let [from, to] = std::array::from_fn(|_| TempDir::new().unwrap());
        make(from.path());
        copy(&Dir::open(from.path()).unwrap(), &Dir::open(to.path()).unwrap(), &["left-out"], limits)
            .map_err(|error| error.to_string())?;
        Ok(to)
    }

    #[test]
    fn files_and_directories_are_copied() {
        let to = copied(
            |from| {
                fs::create_dir_all(from.join("a/b")).unwrap();
                fs::write(from.join("a/b/c"), "deep").unwrap();
                fs::write(from.join("left-out"), "").unwrap();
                fs::write(from.join("a/left-out"), "but here").unwrap();
            },
            Limits::default(),
        )
        .unwrap();
        assert_eq!(fs::read_to_string(to.path().join("a/b/c")).unwrap(), "deep");
        assert_eq!(fs::read_to_string(to.path().join("a/left-out")).unwrap(), "but here");
        assert!(!to.path().join("left-out").exists());
    }

    #[test]
    fn what_is_no_boot_image_is_refused() {
        let limits = Limits { depth: 1, entries: 3, bytes: 4 };
        let write = |from: &Path, names: &[&str], content: &str| {
            names.iter().for_each(|name| fs::write(from.join(name), content).unwrap());
        };
        let link = |from: &Path| std::os::unix::fs::symlink("/etc", from.join("x")).unwrap();
        let deep = |from: &Path| fs::create_dir_all(from.join("a/b")).unwrap();
        let many = |from: &Path| write(from, &["a", "b", "c", "d"], "");
        let large = |from: &Path| write(from, &["a", "b"], "abc");
        let odd = |from: &Path| drop(std::os::unix::net::UnixListener::bind(from.join("s")).unwrap());
        for (refused, found) in [
            (copied(link, limits), "found a symlink"),
            (copied(deep, limits), "expected at most 8 levels"),
            (copied(many, limits), "found one more"),
            (copied(large, limits), "expected no more than 1 GiB"),
            (copied(odd, limits), "found something else"),
        ] {
            let message = refused.unwrap_err();
            assert!(message.contains(found), "{message}");
        }
    }
}
