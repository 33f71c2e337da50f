//! Finding the parent that an image names.
//!
//! The engine never opens what a file names. This program has to: `vhd-util query -p child` is how people and the
//! storage manager ask. It follows the locators as blktap does, and stops where a chain comes back to itself.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, access};

use super::disk::{Disk, Opening, read};
use super::errno::Errno;
use crate::vhd::{ParentLocator, PlatformCode};

/// Longest text of a locator that is read.
const LONGEST: u64 = 64 * 1024;

/// What a locator says, as blktap understands it: ASCII, slashes, no drive letter, ended by a NUL.
pub(crate) fn locator_text(disk: &Disk, locator: &ParentLocator) -> Result<String, Errno> {
    let (length, space) = (u64::from(locator.data_length.get()), locator.space());
    let platform = PlatformCode::of(locator.code.get()).filter(|p| p.is_read()).ok_or(Errno::INVAL)?;
    if length == 0 || length > space || length > LONGEST {
        return Err(Errno::INVAL);
    }
    if locator.data_offset.get().checked_add(space).is_none_or(|end| end > disk.len) {
        return Err(Errno::PIPE);
    }
    let mut bytes = vec![0; usize::try_from(length.next_multiple_of(512)).unwrap_or(0)];
    read(&disk.file, &mut bytes, locator.data_offset.get())?;
    bytes.truncate(usize::try_from(length).unwrap_or(0));
    decode(platform, &bytes).ok_or(Errno::INVAL)
}

fn decode(platform: PlatformCode, bytes: &[u8]) -> Option<String> {
    let text = if platform == PlatformCode::MacX {
        let text = std::str::from_utf8(bytes).ok().filter(|t| t.is_ascii())?;
        text.split('\0').next()?.strip_prefix("file://")?.to_owned()
    } else {
        if !bytes.len().is_multiple_of(2) {
            return None;
        }
        let units = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
        let text = units.map(|u| u8::try_from(u).ok().filter(u8::is_ascii).map(char::from));
        let text = text.collect::<Option<String>>()?.replace('\\', "/");
        let text = text.split('\0').next()?;
        text.strip_prefix("C:").or_else(|| text.strip_prefix("c:")).unwrap_or(text).to_owned()
    };
    Some(text)
}

/// The file that `name`, found in the image at `child`, means: a readable absolute path as it is, anything else under the
/// directory of the child.
pub(crate) fn resolve(child: &Path, name: &str) -> Result<PathBuf, Errno> {
    let name = Path::new(OsStr::from_bytes(name.as_bytes()));
    if name.is_absolute() && access(name, Access::READ_OK).is_ok() {
        return Ok(name.to_owned());
    }
    let child = canonical(child)?;
    let mut path = child.parent().unwrap_or(Path::new("/")).to_owned();
    // An absolute name that cannot be read is tried below the child's directory: `push` would replace it.
    path.extend(name.components().filter(|c| !matches!(c, Component::RootDir)));
    access(&path, Access::READ_OK)?;
    canonical(&path)
}

/// The real path of a file that exists. Names in `/dev/mapper` are kept, and a logical volume `/dev/VG/LV` is known by
/// its name there, because that is what the device keeps over its life.
#[expect(clippy::disallowed_methods, reason = "this tool shows real paths, it does not decide by them")]
pub(crate) fn canonical(path: &Path) -> Result<PathBuf, Errno> {
    if path.starts_with("/dev/mapper") {
        return Ok(path.to_owned());
    }
    if let Ok(volume) = path.strip_prefix("/dev")
        && let [group, name] = volume.iter().collect::<Vec<_>>()[..]
    {
        let escape = |part: &OsStr| part.to_string_lossy().replace('-', "--");
        let mapped = Path::new("/dev/mapper").join(format!("{}-{}", escape(group), escape(name)));
        if mapped.exists() {
            return Ok(mapped);
        }
    }
    Ok(std::fs::canonicalize(path)?)
}

/// What the image says of its parent, without looking whether it is there: the first locator that can be read.
pub(crate) fn named(disk: &Disk) -> Result<String, Errno> {
    first(disk, |text| Ok(text.to_owned()))
}

/// The parent's file: that of the first locator that leads to one.
pub(crate) fn locate(disk: &Disk) -> Result<PathBuf, Errno> {
    first(disk, |text| resolve(&disk.path, text))
}

fn first<T>(disk: &Disk, mut found: impl FnMut(&str) -> Result<T, Errno>) -> Result<T, Errno> {
    let header = disk.header().ok().filter(|_| disk.is_child()).ok_or(Errno::INVAL)?;
    let mut outcome = Err(Errno::INVAL);
    for locator in &header.locators {
        if !PlatformCode::of(locator.code.get()).is_some_and(PlatformCode::is_read) {
            continue;
        }
        outcome = locator_text(disk, locator).and_then(|text| found(&text));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// What a walk up a chain finds next.
#[derive(Debug)]
pub(crate) enum Above {
    /// Nothing: the image is the base.
    Nothing,
    /// A raw file.
    Raw(PathBuf),
    /// An image.
    Image(Box<Disk>),
}

/// A walk up a chain that knows where it has been.
#[derive(Debug, Default)]
pub(crate) struct Climb(Vec<(u64, u64)>);

impl Climb {
    /// A walk that starts at `disk`.
    pub(crate) fn from(disk: &Disk) -> Result<Self, Errno> {
        Ok(Self(vec![disk.identity()?]))
    }

    /// What is above `disk`.
    pub(crate) fn above(&mut self, disk: &Disk, how: Opening) -> Result<Above, Errno> {
        if !disk.is_child() {
            return Ok(Above::Nothing);
        }
        let path = locate(disk)?;
        if disk.has_raw_parent() {
            return Ok(Above::Raw(path));
        }
        let parent = Disk::open(&path, how)?;
        let identity = parent.identity()?;
        if self.0.contains(&identity) {
            return Err(Errno::LOOP);
        }
        self.0.push(identity);
        Ok(Above::Image(Box::new(parent)))
    }
}

/// Files in the chain of `disk`, itself and a raw base included.
pub(crate) fn depth(disk: &Disk) -> Result<u32, Errno> {
    let mut climb = Climb::from(disk)?;
    let (mut depth, mut above) = (1, None);
    loop {
        let last: &Disk = above.as_deref().unwrap_or(disk);
        // A raw base counts whether it is there or not.
        if last.is_child() && last.has_raw_parent() {
            return Ok(depth + 1);
        }
        match climb.above(last, Opening::default())? {
            Above::Image(parent) => above = Some(parent),
            Above::Nothing | Above::Raw(_) => return Ok(depth),
        }
        depth += 1;
    }
}
