//! New images by hand: empty disks, and snapshots of what is there.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;
use uuid::Uuid;

use super::context::Context;
use super::convert::Form;
use super::error::Error;
use crate::os;
use crate::transport::NewFile;
use crate::vhd::{self, Finding, Image, ParentLink, Part, Rule, VhdTime};

/// An image that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// The file.
    pub file: String,
    /// Identity of the image.
    pub uuid: Uuid,
    /// Size of the disk, bytes.
    pub virtual_size: u64,
    /// File name of the parent.
    pub parent: Option<String>,
}

/// Makes an empty image of `size` bytes, rounded up to 2 MiB (a raw one is not rounded).
///
/// # Errors
/// The file exists or cannot be written, or no such disk can be.
pub fn create(path: &Path, size: u64, form: Form, ctx: Context<'_>) -> Result<Made, Error> {
    if !(1..=vhd::MAX_VIRTUAL_SIZE).contains(&size) {
        let expected = format!("1 to {} bytes", vhd::MAX_VIRTUAL_SIZE);
        return Err(Error::Argument { what: "disk size", expected, found: size.to_string() });
    }
    let name = path.display().to_string();
    let output = NewFile::create(path)?;
    let file = output.file().map_err(os::Error::at("opening", path))?;
    let (uuid, now) = (Uuid::new_v4(), ctx.now());
    let image = match form {
        Form::Dynamic => vhd::create_dynamic(file, size, uuid, now),
        Form::Fixed => vhd::create_fixed(file, size, uuid, now),
        Form::Raw => {
            file.set_len(size.next_multiple_of(vhd::SECTOR_SIZE)).map_err(os::Error::at("writing", path))?;
            vhd::Image::raw(file)
        }
    };
    let virtual_size = image.map_err(Error::engine(&name))?.virtual_size();
    output.commit()?;
    Ok(Made { file: name, uuid, virtual_size, parent: None })
}

/// Makes `child`, an empty child of `parent` in the same directory, which takes the disk's writes from now on.
///
/// # Errors
/// The parent is no VHD, or is somewhere else; the child exists or cannot be written.
pub fn snapshot(parent: &Path, child: &Path, ctx: Context<'_>) -> Result<Made, Error> {
    let shown = child.display().to_string();
    let beside = |path: &Path| path.parent().map(|p| std::path::absolute(p).unwrap_or_else(|_| p.to_owned()));
    let file_name = parent.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if beside(&absolute(parent)) != beside(&absolute(child)) {
        let expected = "a child in the directory of its parent";
        return Err(Error::image(
            &shown,
            Finding::new(Part::Chain, Rule::LocatorEscapes, 0, expected, &shown),
        ));
    }
    let image = Image::open(File::open(parent).map_err(os::Error::at("opening", parent))?);
    let image = image.map_err(Error::engine(&parent.display().to_string()))?;
    let modified = std::fs::metadata(parent).and_then(|m| m.modified());
    let modified = VhdTime::from_system(modified.map_err(os::Error::at("examining", parent))?);
    let output = NewFile::create(child)?;
    let file = output.file().map_err(os::Error::at("opening", child))?;
    let link = ParentLink { file_name: file_name.clone(), uuid: image.uuid(), modified };
    let (uuid, size) = (Uuid::new_v4(), image.virtual_size());
    vhd::create_differencing(file, size, uuid, ctx.now(), &link).map_err(Error::engine(&shown))?;
    output.commit()?;
    Ok(Made { file: shown, uuid, virtual_size: size, parent: Some(file_name) })
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
