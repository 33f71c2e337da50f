//! Which image a file holds, whatever it is called: its inode may be another file's later, its image's uuid a copy's.

use std::fs::File;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::vhd::Image;

/// What a file is known again by. The storage manager keeps both when it hides, shows or renames one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The file's.
    pub(super) inode: u64,
    /// Of the image, as its footer has it.
    pub(super) footer_uuid: Option<Uuid>,
}

impl Identity {
    /// That of an open file. An image that is in use has no footer but the copy at its start.
    pub(super) fn of(file: &File) -> std::io::Result<Self> {
        let image = Image::open_by_copy(file).or_else(|_| Image::open(file));
        Ok(Self { inode: file.metadata()?.ino(), footer_uuid: image.ok().map(|image| image.uuid()) })
    }
}
