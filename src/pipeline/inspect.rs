//! What a file, an image or an SR is, without changing anything.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;
use uuid::Uuid;

use super::archive::{Reading, read_members};
use super::content::drain;
use super::context::Context;
use super::error::Error;
use super::survey::{Survey, survey};
use crate::os;
use crate::sr::Repository;
use crate::stream::Algorithm;
use crate::transport::Source;
use crate::vhd::{self, FooterSource, Geometry, Image, LocatorText, Memory, VhdTime};

/// The fields of one VHD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageFacts {
    /// The kind of image: `fixed`, `dynamic` or `differencing`.
    pub kind: String,
    /// Identity of the image.
    pub uuid: Uuid,
    /// Size of the virtual disk, bytes.
    pub virtual_size: u64,
    /// When the image was made.
    pub created: String,
    /// The program that made it, and its version.
    pub creator: String,
    /// Cylinders/heads/sectors.
    pub geometry: String,
    /// Inner node of a chain.
    pub hidden: bool,
    /// Which footer was read: `primary` or `copy`.
    pub footer: &'static str,
    /// Bytes of data in a block.
    pub block_size: Option<u32>,
    /// Entries in the BAT.
    pub max_bat_entries: Option<u32>,
    /// Blocks with a place in the file; `None` where only the beginning of the file was seen.
    pub allocated_blocks: Option<u64>,
    /// Length of the file, bytes.
    pub physical_size: Option<u64>,
    /// What the file occupies, bytes; `None` of what is no file.
    pub occupied_size: Option<u64>,
    /// Footer uuid of the parent.
    pub parent_uuid: Option<Uuid>,
    /// File name of the parent.
    pub parent_name: Option<String>,
    /// What the parent locators say.
    pub locators: Vec<LocatorText>,
}

/// A member of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberFacts {
    /// Its name.
    pub name: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// What its first sectors say, if they are a VHD's.
    pub image: Option<ImageFacts>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Inspection {
    /// One VHD file.
    Image(Box<ImageFacts>),
    /// A packed image.
    Archive {
        /// `tar`, `vhd`, or one of them with `.gz` or `.zst`.
        container: &'static str,
        /// Bytes of the stream.
        bytes: u64,
        /// Its MD5, lower-case hex.
        md5: Option<String>,
        /// Its SHA-256.
        sha256: Option<String>,
        /// Its members, in their order.
        members: Vec<MemberFacts>,
    },
    /// An SR.
    Repository(Box<Survey>),
}

/// Looks at what is in `source`.
///
/// # Errors
/// It cannot be read, or is neither VHD nor image.
pub fn inspect(source: Source) -> Result<Inspection, Error> {
    if let Some(Ok(facts)) = source.path().map(inspect_file) {
        return Ok(Inspection::Image(Box::new(facts)));
    }
    let name = &source.name().to_owned();
    let mut members = Vec::new();
    let how = Reading { threads: 1, digests: &[Algorithm::Md5, Algorithm::Sha256], passed: &|_| {} };
    let contents = read_members(source, &how, &mut |member| {
        let mut first = Vec::new();
        (&mut *member.bytes).take(FIRST).read_to_end(&mut first).map_err(Error::stream(name))?;
        let rest = drain(member.bytes).map_err(Error::stream(name))?;
        let bytes = first.len() as u64 + rest;
        members.push(MemberFacts { name: member.name, bytes, image: facts_of_beginning(first, bytes) });
        Ok(())
    })?;
    let digests = contents.digests;
    Ok(Inspection::Archive {
        container: contents.container,
        bytes: digests.bytes,
        md5: digests.md5,
        sha256: digests.sha256,
        members,
    })
}

/// Bytes of a member that are looked at: enough for all metadata of a disk of half a TiB.
const FIRST: u64 = 1 << 20;

fn inspect_file(path: &Path) -> Result<ImageFacts, Error> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(os::Error::at("opening", path))?;
    let metadata = file.metadata().map_err(os::Error::at("examining", path))?;
    let image = Image::open(file).map_err(Error::engine(&name))?;
    let mut facts = facts(&image).map_err(Error::engine(&name))?;
    facts.allocated_blocks =
        image.header().map(|_| image.allocated_blocks()).transpose().map_err(Error::engine(&name))?;
    facts.physical_size = Some(metadata.len());
    facts.occupied_size = Some(os::occupied(&metadata));
    Ok(facts)
}

fn facts_of_beginning(first: Vec<u8>, len: u64) -> Option<ImageFacts> {
    let memory = Memory::new(first);
    // A sparse file in memory would be as long as the member says; the engine only asks for its length.
    let image = Image::open_by_copy(memory).ok()?;
    let mut facts = facts(&image).ok()?;
    facts.physical_size = Some(len);
    Some(facts)
}

fn facts<S: vhd::Storage>(image: &Image<S>) -> Result<ImageFacts, vhd::Error> {
    let (footer, header) = (image.footer(), image.header());
    let app = footer.creator_app.escape_ascii().to_string();
    let version = footer.creator_version.get();
    let parent = header.filter(|_| image.parent_uuid().is_some());
    Ok(ImageFacts {
        kind: image.kind().to_string(),
        uuid: image.uuid(),
        virtual_size: image.virtual_size(),
        created: VhdTime(footer.timestamp.get()).to_string(),
        creator: format!("{} {}.{}", app.trim_end_matches("\\x00").trim(), version >> 16, version & 0xffff),
        geometry: Geometry::from(footer.geometry).to_string(),
        hidden: image.is_hidden(),
        footer: match image.footer_source() {
            FooterSource::Primary(_) => "primary",
            FooterSource::Copy => "copy",
        },
        block_size: header.map(|h| h.block_size.get()),
        max_bat_entries: header.map(|h| h.max_bat_entries.get()),
        allocated_blocks: None,
        physical_size: None,
        occupied_size: None,
        parent_uuid: image.parent_uuid(),
        parent_name: parent.map(|h| vhd::parent_name(h).unwrap_or_default()),
        locators: image.locators()?,
    })
}

/// Reads the SR at `path`.
///
/// # Errors
/// There is no SR.
pub fn inspect_repository(path: &Path, ctx: Context<'_>) -> Result<Inspection, Error> {
    Ok(Inspection::Repository(Box::new(survey(&Repository::open(path)?, ctx)?)))
}
