//! How the file system of a directory is mounted, as the kernel tells.

use std::os::fd::{AsFd as _, AsRawFd as _};

use super::dir::Dir;
use super::error::Error;

const MOUNTS: &str = "/proc/self/mountinfo";

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its kind, such as `ext4` or `nfs4`.
    pub kind: String,
    /// What is mounted: a device, `SERVER:/EXPORT`, or any word.
    pub source: String,
    /// The options of the mount and of the file system, such as `ro`.
    pub options: Vec<String>,
}

impl Mount {
    /// That of `dir`; `None` if the kernel does not tell.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn of(dir: &Dir) -> Result<Option<Self>, Error> {
        let about = format!("/proc/self/fdinfo/{}", dir.as_fd().as_raw_fd());
        let read = |path: &str| std::fs::read_to_string(path).map_err(Error::at("reading", path));
        let id = read(&about)?.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok());
        let Some(id) = id else { return Ok(None) };
        Ok(Self::parse(&read(MOUNTS)?, id))
    }

    /// Whether it has an option.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.options.iter().any(|other| other == option)
    }

    /// The mount of this number in `mountinfo` (`man 5 proc`): `ID PARENT DEVICE ROOT POINT OPTIONS [TAG…] - KIND SOURCE
    /// OPTIONS`.
    fn parse(mountinfo: &str, id: u64) -> Option<Self> {
        let line = mountinfo
            .lines()
            .find(|line| line.split(' ').next().and_then(|number| number.parse().ok()) == Some(id))?;
        let (mount, system) = line.split_once(" - ")?;
        let mut system = system.split(' ').map(unescaped);
        let (kind, source) = (system.next()?, system.next()?);
        let options = [mount.split(' ').nth(5)?.to_owned(), system.next().unwrap_or_default()];
        let mut options: Vec<String> =
            options.iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
        options.retain(|option| !option.is_empty());
        let mut seen = std::collections::BTreeSet::new();
        options.retain(|option| seen.insert(option.clone()));
        Some(Self { kind, source, options })
    }
}

/// Blanks and backslashes stand there as `\040` and the like.
fn unescaped(word: &str) -> String {
    let mut parts = word.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if byte.is_ascii() => {
                text.push(char::from(byte));
                text.push_str(&part[3..]);
            }
            _ => text = text + "\\" + part,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_number_is_taken_apart() {
        let mountinfo = "\
            22 1 253:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n\
            220 22 0:44 /a /run/sr\\040mount rw,noatime - nfs4 filer:/ex\\040port\\134x rw,vers=4.1,local_lock=none\n";
        let nfs = Mount::parse(mountinfo, 220).unwrap();
        assert_eq!((nfs.kind.as_str(), nfs.source.as_str()), ("nfs4", "filer:/ex port\\x"));
        assert_eq!(nfs.options, ["rw", "noatime", "vers=4.1", "local_lock=none"]);
        assert!(nfs.has("noatime") && !nfs.has("ro"));
        assert_eq!(Mount::parse(mountinfo, 22).unwrap().kind, "ext4");
        for (broken, id) in [("", 1), (mountinfo, 2), ("1 2 3 4 5 rw ext4 x rw", 1), ("1 - ext4", 1)] {
            assert_eq!(Mount::parse(broken, id), None, "{broken}");
        }
    }

    #[test]
    fn the_root_is_mounted() {
        let mount = Mount::of(&Dir::open("/").unwrap()).unwrap().unwrap();
        assert!(!mount.kind.is_empty() && (mount.has("rw") || mount.has("ro")), "{mount:?}");
    }
}
