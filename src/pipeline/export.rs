//! A chain of VDIs becomes an image: one tar in one gzip member.

use std::fs::File;

use serde::Serialize;
use uuid::Uuid;

use super::context::Context;
use super::error::Error;
use super::held::Held;
use super::pack::pack;
use super::progress::Stage;
use crate::sr::{Repository, Tree, vdi_file_name};
use crate::stream::{Algorithm, Compression, Digests};
use crate::transport::Sink;
use crate::vhd::{self, DiskType, Field, Image, Part, Rule, Scope};

/// Which VDIs to export, and how.
#[derive(Debug, Clone)]
pub struct Export {
    /// The chain, leaf first.
    pub vdis: Vec<Uuid>,
    /// Add the parents that are in the SR to the one VDI that is given.
    pub chain: bool,
    /// Write one image that holds the chain's disk, instead of its links.
    pub flatten: bool,
    /// Container and level.
    pub compression: Compression,
    /// Digests of the image to report.
    pub digests: Vec<Algorithm>,
}

/// What an export came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// The VDIs, leaf first.
    pub vdis: Vec<Uuid>,
    /// Size of the virtual disk, bytes.
    pub virtual_size: u64,
    /// Bytes of VHD that were packed.
    pub bytes_read: u64,
    /// Bytes of the image.
    pub bytes_written: u64,
    /// MD5 of the image, lower-case hex, if it was asked for.
    pub md5: Option<String>,
    /// SHA-256 of the image, if it was asked for.
    pub sha256: Option<String>,
    /// SHA-512 of the image, if it was asked for.
    pub sha512: Option<String>,
}

/// Refuses a list of VDIs that names none, or one twice.
pub(crate) fn require_list(vdis: &[Uuid]) -> Result<(), Error> {
    if vdis.is_empty() {
        let (expected, found) = ("at least one, leaf first".into(), "none".into());
        return Err(Error::Argument { what: "VDIs", expected, found });
    }
    let twice = vdis.iter().enumerate().find(|(i, uuid)| vdis[..*i].contains(uuid));
    twice.map_or(Ok(()), |(_, uuid)| Err(Error::taken(*uuid, "twice")))
}

impl Export {
    /// Writes the chain to `sink`. Nothing in `sr` is changed; for as long as it takes, its files have second names in a
    /// staging area, so that they stay whatever happens to their first ones.
    ///
    /// # Errors
    /// The chain is not complete or not sound; or reading or writing failed, in which case `sink` shows no file.
    pub fn run(&self, sr: &Repository, sink: Sink, ctx: Context<'_>) -> Result<Exported, Error> {
        let vdis = self.list(sr)?;
        let held = Held::take(sr, &vdis)?;
        let (virtual_size, total) = examine(&held, ctx)?;
        ctx.stage(Stage::Pack, Some(total))?;
        let (sink, digests, bytes_read) = pack(&held, sink, self, ctx)?;
        sink.commit()?;
        held.release()?;
        tracing::info!(bytes_read, bytes_written = digests.bytes, "exported");
        let Digests { bytes: bytes_written, md5, sha256, sha512 } = digests;
        Ok(Exported { vdis, virtual_size, bytes_read, bytes_written, md5, sha256, sha512 })
    }

    fn list(&self, sr: &Repository) -> Result<Vec<Uuid>, Error> {
        require_list(&self.vdis)?;
        if !self.chain {
            return Ok(self.vdis.clone());
        }
        let [leaf] = self.vdis[..] else {
            let (expected, found) =
                ("one, the leaf, when its parents are added".into(), self.vdis.len().to_string());
            return Err(Error::Argument { what: "VDIs", expected, found });
        };
        sr.open_vdi(leaf)?;
        Ok(Tree::read(sr)?.chain(leaf).iter().map(|node| node.uuid).collect())
    }
}

/// Makes sure that all links are sound and one chain; returns the size of its disk and about how long its files are.
fn examine(held: &Held<'_>, ctx: Context<'_>) -> Result<(u64, u64), Error> {
    let (mut parent, mut virtual_size, mut total) = (None, 0, 0);
    for index in (0..held.vdis.len()).rev() {
        let name = held.name(index);
        require_sound(&held.open(index)?, &name, ctx)?;
        let image = held.image(index)?;
        require_joint(&image, parent, &name, held.vdis.get(index + 1))?;
        parent = Some(image.uuid());
        virtual_size = image.virtual_size();
        total += image.data_end().map_err(Error::engine(&name))?;
    }
    Ok((virtual_size, total))
}

/// Everything but what changes while an image is in use is as it should be.
fn require_sound(file: &File, name: &str, ctx: Context<'_>) -> Result<(), Error> {
    let mut checkup = vhd::check(file, Scope::Body, ctx.now()).map_err(Error::engine(name))?;
    // The footers are rebuilt; whether the blocks are all there is looked at when the BAT is frozen.
    checkup.findings.list.retain(|f| f.part != Part::Footer && f.rule != Rule::BlockPastEnd);
    if checkup.footer.as_ref().is_some_and(|f| DiskType::of(f) != Some(DiskType::Fixed)) {
        checkup.findings.list.retain(|f| !(f.part == Part::FooterCopy && f.rule == Rule::Geometry));
    }
    Error::of_findings(name, &checkup.findings).map_or(Ok(()), Err)
}

fn require_joint(
    image: &Image<File>,
    parent: Option<Uuid>,
    name: &str,
    next: Option<&Uuid>,
) -> Result<(), Error> {
    let refuse = |field, rule, expected: &str, found: &str| {
        Err(Error::image(name, image.finding(field, rule, expected, found)))
    };
    let named = image.parent_uuid();
    match (image.kind(), named == parent) {
        (DiskType::Fixed, _) => {
            refuse(Field::DiskType, Rule::FixedDisk, "a dynamic or differencing image", "a fixed one")
        }
        (_, true) => Ok(()),
        (DiskType::Differencing, false) if parent.is_none() => {
            let expected = "a base at the end of the list: name all links, or add --chain";
            refuse(Field::Place, Rule::ParentMissing, expected, "a differencing image")
        }
        (_, false) => {
            let expected = next.map(|n| format!("{}, the next in the list", vdi_file_name(*n)));
            let found = named.map(|n| format!("another parent (footer uuid {n})"));
            let say = |parent: Option<String>| parent.unwrap_or_else(|| "no parent".to_owned());
            refuse(Field::ParentUuid, Rule::ParentUuid, &say(expected), &say(found))
        }
    }
}
