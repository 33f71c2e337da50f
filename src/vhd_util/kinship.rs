//! What a child has to know of its parent: its name, its uuid, its age, and the way from here to there.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use uuid::Uuid;

use super::disk::{Disk, Opening};
use super::errno::Errno;
use super::parent::{self, Above, Climb};
use crate::vhd::{ParentLink, VhdTime};

/// What kind of file a parent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A VHD image.
    Image,
    /// The bytes of the disk, and nothing else.
    Raw,
}

/// A parent as its child names it.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// Name, uuid and age.
    pub(super) link: ParentLink,
    /// From the child's directory.
    pub(super) path: String,
}

/// The relation of the image at `child`, which need not exist yet, to the parent at `parent`.
pub(super) fn of(child: &Path, parent: &Path, kind: Kind) -> Result<Relation, Errno> {
    let metadata = std::fs::metadata(parent)?;
    if !metadata.is_file() && !metadata.file_type().is_block_device() {
        return Err(Errno::INVAL);
    }
    let uuid = match kind {
        Kind::Raw => Uuid::nil(),
        Kind::Image => Uuid::from_bytes(Disk::open(parent, Opening::default())?.footer.uuid),
    };
    if kind == Kind::Image && uuid.is_nil() {
        // It would be taken for a raw file, and its metadata for data.
        return Err(Errno::INVAL);
    }
    let directory = match child.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    let (from, to) = (parent::canonical(directory)?, parent::canonical(parent)?);
    let path = relative(&from, &to).into_os_string().into_string().map_err(|_| Errno::INVAL)?;
    let file_name = path.rsplit('/').next().unwrap_or_default().to_owned();
    if !path.is_ascii() {
        // blktap reads nothing else.
        return Err(Errno::INVAL);
    }
    let modified = VhdTime::from_system(metadata.modified()?);
    Ok(Relation { link: ParentLink { file_name, uuid, modified }, path })
}

/// The way from the directory `from` to the file `to`, both real: `./x`, `./sub/x`, `../a/x`.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let (mut here, mut there) = (from.components().peekable(), to.components().peekable());
    while here.peek().is_some() && here.peek() == there.peek() {
        here.next();
        there.next();
    }
    let up = here.count();
    let start = if up == 0 { Component::CurDir } else { Component::ParentDir };
    let mut path = PathBuf::from(start.as_os_str());
    (1..up).for_each(|_| path.push(".."));
    path.extend(there);
    path
}

/// What identifies the file at `path`.
pub(super) fn identity(path: &Path) -> Result<(u64, u64), Errno> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Whether `disk` is the file that `ancestor` identifies, or has it above. What cannot be opened on the way ends the way.
pub(super) fn descends_from(disk: Disk, ancestor: (u64, u64)) -> bool {
    let how = Opening { disabled: true, ..Opening::default() };
    let Ok(mut climb) = Climb::from(&disk) else { return false };
    let mut next = Ok(Above::Image(Box::new(disk)));
    loop {
        next = match next {
            Ok(Above::Image(disk)) => {
                if disk.identity() == Ok(ancestor) {
                    return true;
                }
                climb.above(&disk, how)
            }
            Ok(Above::Raw(path)) => return identity(&path) == Ok(ancestor),
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_parent_starts_at_the_child() {
        let way = |from, to| relative(Path::new(from), Path::new(to)).display().to_string();
        assert_eq!(way("/a/b", "/a/b/x.vhd"), "./x.vhd");
        assert_eq!(way("/a/b", "/a/b/sub/x.vhd"), "./sub/x.vhd");
        assert_eq!(way("/a/b", "/a/c/x.vhd"), "../c/x.vhd");
        assert_eq!(way("/a/b/c", "/x.vhd"), "../../../x.vhd");
    }
}
