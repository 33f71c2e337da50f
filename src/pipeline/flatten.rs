//! A chain becomes one standalone image: as a stage of an import, or as a file of its own.

use std::fs::File;
use std::path::PathBuf;

use serde::Serialize;
use uuid::Uuid;

use super::context::Context;
use super::decode::StagedMember;
use super::error::Error;
use super::examine::Examined;
use super::links::open_chain;
use super::progress::Stage;
use crate::os;
use crate::stream::{SparseWriter, WatchReader, Written};
use crate::transport::NewFile;
use crate::vhd::{Chain, Flattened, Image};

/// The name of the one file that is left in staging.
const FLAT: &str = "0.vhd";

/// Replaces the links of `chain` by one image with the same disk and the leaf's identity.
pub(crate) fn stage(chain: Examined, ctx: Context<'_>) -> Result<Examined, Error> {
    let Examined { mut carried, links } = chain;
    if links.len() < 2 {
        return Ok(Examined { carried, links });
    }
    let dir = carried.staging.dir();
    let mut images = Vec::new();
    for link in &links {
        images.push(Image::open(dir.open_file(&link.staged, false)?).map_err(Error::engine(&link.name))?);
    }
    let name = links[0].name.clone();
    let uuid = images[0].uuid();
    let mut joined = Chain::join(images).map_err(Error::engine(&name))?;
    let file = dir.create("flat.member")?;
    write(&mut joined, uuid, file, &dir.join("flat.member"), ctx)?;
    drop(joined);
    for link in &links {
        dir.unlink(&link.staged)?;
    }
    dir.rename("flat.member", FLAT)?;
    carried.notes.push(format!("{} links were made one", links.len()));
    Ok(Examined { carried, links: vec![StagedMember { name, staged: FLAT.into() }] })
}

/// Writes the disk of `chain` to the empty `file` as one image, and makes it durable; returns its length.
fn write(
    chain: &mut Chain<File>,
    uuid: Uuid,
    file: File,
    path: &std::path::Path,
    ctx: Context<'_>,
) -> Result<u64, Error> {
    let shown = path.display().to_string();
    let flat = Flattened::new(chain, uuid, ctx.now()).map_err(Error::engine(&shown))?;
    ctx.stage(Stage::Flatten, Some(flat.len()))?;
    let mut writer = SparseWriter::new(file);
    let mut stream = WatchReader::new(flat, |n| ctx.progress.advance(n));
    writer.take_all(&mut stream).map_err(os::Error::at("writing", path))?;
    let Written { file, len, .. } = writer.finish().map_err(os::Error::at("writing", path))?;
    file.sync_all().map_err(os::Error::at("syncing", path))?;
    Ok(len)
}

/// Which chain to make one image of.
#[derive(Debug, Clone)]
pub struct Flatten {
    /// The links, leaf first; a single leaf's parents are found beside it.
    pub links: Vec<PathBuf>,
    /// The file to make; it must not exist.
    pub output: PathBuf,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flat {
    /// The links that were read, leaf first.
    pub links: Vec<String>,
    /// Identity of the new image.
    pub uuid: Uuid,
    /// Size of the disk, bytes.
    pub virtual_size: u64,
    /// Length of the file, bytes.
    pub physical_size: u64,
}

impl Flatten {
    /// Makes the image. The file appears under its name when it is whole.
    ///
    /// # Errors
    /// The chain cannot be opened or read; the file exists, or cannot be written.
    pub fn run(&self, ctx: Context<'_>) -> Result<Flat, Error> {
        let mut opened = open_chain(&self.links)?;
        let output = NewFile::create(&self.output)?;
        let uuid = Uuid::new_v4();
        let file = output.file().map_err(os::Error::at("opening", &self.output))?;
        let physical_size = write(&mut opened.chain, uuid, file, &self.output, ctx)?;
        output.commit()?;
        let virtual_size = opened.chain.virtual_size();
        Ok(Flat { links: opened.names, uuid, virtual_size, physical_size })
    }
}
