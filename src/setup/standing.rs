//! What stands at a name, and by what it is known again.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::item::{Content, Item};
use crate::os::{self, Dir};

/// The program that is all plugins: a symlink to one is ours, whoever made it.
const PLUGINS: &str = "vhd-porter-plugin";

/// By what a file or symlink is known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fingerprint {
    /// A file with this digest, in lower-case hex.
    Sha256(String),
    /// A symlink to this path.
    Link(PathBuf),
}

impl Fingerprint {
    /// Of what `item` is to be.
    pub(super) fn wanted(item: &Item) -> Result<Self, os::Error> {
        Ok(match &item.content {
            Content::Program(source) | Content::Guest(source) => {
                let file = File::open(source).map_err(os::Error::at("opening", source))?;
                Self::Sha256(digest(file, source)?)
            }
            Content::Text(text) => Self::Sha256(hex(&Sha256::digest(text))),
            Content::Link(target) => Self::Link(target.clone()),
        })
    }

    /// Whether it is a link to a program of ours, of whatever installation.
    pub(super) fn is_plugin(&self) -> bool {
        matches!(self, Self::Link(target) if target.file_name() == Some(OsStr::new(PLUGINS)))
    }
}

/// What stands at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Nothing,
    /// A file with these permissions, or a symlink.
    Known(Fingerprint, u32),
    /// Something that is neither.
    Other(&'static str),
}

/// What stands at `name` in `dir`.
pub(super) fn look(dir: &Dir, name: &str) -> Result<Standing, os::Error> {
    let Some(stat) = dir.stat(name)? else { return Ok(Standing::Nothing) };
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {
            let digest = digest(dir.open_file(name, false)?, &dir.join(name))?;
            Standing::Known(Fingerprint::Sha256(digest), stat.st_mode & 0o7777)
        }
        FileType::Symlink => Standing::Known(Fingerprint::Link(dir.read_link(name)?), 0o777),
        FileType::Directory => Standing::Other("a directory"),
        _ => Standing::Other("a device, pipe or socket"),
    })
}

fn digest(mut file: File, path: &Path) -> Result<String, os::Error> {
    let mut digest = Sha256::new();
    let mut piece = vec![0; 256 << 10];
    loop {
        match os::again(|| file.read(&mut piece)).map_err(os::Error::at("reading", path))? {
            0 => return Ok(hex(&digest.finalize())),
            len => digest.update(&piece[..len]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
