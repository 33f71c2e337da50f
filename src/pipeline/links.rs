//! Opening the links of a chain: those that are named, or those that lie beside the leaf.
//!
//! This is the one place where a name in a file leads to another file, and the gate that decides about it: a plain file
//! name, in the leaf's own directory, of a regular file whose footer uuid is the one that the child names.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::os::{self, Dir};
use crate::vhd::{self, Chain, DiskType, Field, Image, Rule};

/// Most links that are followed: more than any SR has.
const MOST: usize = 4096;

/// A chain, and what its links are called.
#[derive(Debug)]
pub struct Opened {
    /// The chain.
    pub chain: Chain<File>,
    /// File names, leaf first.
    pub names: Vec<String>,
}

/// Opens the chain of `paths`, leaf first. A single leaf's parents are found beside it.
///
/// # Errors
/// A file cannot be read or is no VHD; the links are not a chain; a parent is missing.
pub fn open_chain(paths: &[PathBuf]) -> Result<Opened, Error> {
    let mut names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    let mut images = Vec::new();
    for (path, name) in paths.iter().zip(&names) {
        let file = File::open(path).map_err(os::Error::at("opening", path))?;
        images.push(Image::open(file).map_err(Error::engine(name))?);
    }
    if let [leaf] = paths
        && images[0].kind() == DiskType::Differencing
    {
        let dir = leaf.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        add_parents(&Dir::open(dir)?, &mut images, &mut names)?;
    }
    let leaf = names.first().cloned().unwrap_or_default();
    let chain = Chain::join(images).map_err(Error::engine(&leaf))?;
    Ok(Opened { chain, names })
}

fn add_parents(dir: &Dir, images: &mut Vec<Image<File>>, names: &mut Vec<String>) -> Result<(), Error> {
    while let Some(child) = images.last().filter(|image| image.kind() == DiskType::Differencing) {
        let of = names.last().cloned().unwrap_or_default();
        let refuse = |rule, expected: &str, found: String| {
            Err(Error::image(&of, child.finding(Field::ParentName, rule, expected, found)))
        };
        let name = child.header().and_then(|h| vhd::parent_name(h).ok()).unwrap_or_default();
        if name.is_empty() || name.contains('/') || name == ".." {
            return refuse(Rule::ParentName, "the name of a file beside the image", format!("{name:?}"));
        }
        if dir.stat(&name)?.is_none() {
            let expected = "the parent beside the image: or name all links, leaf first";
            return refuse(Rule::ParentMissing, expected, format!("no {}", dir.join(&name).display()));
        }
        let shown = dir.join(&name).display().to_string();
        let parent = Image::open(dir.open_file(&name, false)?).map_err(Error::engine(&shown))?;
        if names.contains(&shown) || images.len() >= MOST {
            return refuse(Rule::ChainLoop, "a base at the end of the chain", format!("{name} again"));
        }
        images.push(parent);
        names.push(shown);
    }
    Ok(())
}

/// Opens `path` as a disk: a VHD with its parents or, where it is none, the raw bytes of the file.
///
/// # Errors
/// The file cannot be read, is a VHD that is not sound enough to be opened, or is no whole number of sectors.
pub fn open_disk(path: &Path) -> Result<Opened, Error> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(os::Error::at("opening", path))?;
    if vhd::looks_like_vhd(&file).map_err(os::Error::at("reading", path))? {
        return open_chain(&[path.to_owned()]);
    }
    raw(file, name)
}

/// Opens `path` as a raw disk, whatever its bytes say.
///
/// # Errors
/// The file cannot be read, or is no whole number of sectors.
pub fn open_raw(path: &Path) -> Result<Opened, Error> {
    raw(File::open(path).map_err(os::Error::at("opening", path))?, path.display().to_string())
}

fn raw(file: File, name: String) -> Result<Opened, Error> {
    let image = Image::raw(file).map_err(Error::engine(&name))?;
    let chain = Chain::join(vec![image]).map_err(Error::engine(&name))?;
    Ok(Opened { chain, names: vec![name] })
}
