//! Third stage, and the first gate: is every file sound by itself, and are they one chain as they came?
//!
//! The joints are held together by the uuids that the files arrived with. Relinking overwrites those: a mis-sequenced chain
//! would look sound afterwards.

use std::fs::File;

use super::carried::Carried;
use super::context::Context;
use super::decode::StagedMember;
use super::error::Error;
use super::progress::Stage;
use super::sequence::Sequenced;
use crate::os::Dir;
use crate::vhd::{self, DiskType, Field, Finding, Image, Part, Rule, Scope};

/// How a chain may differ from what it should be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tolerance {
    /// Rewrite a damaged footer from the good one.
    pub(crate) repair: bool,
    /// Take a hidden leaf: it comes from an SR, where it was somebody's parent.
    pub(crate) hidden_leaf: bool,
}

/// A chain of sound links, leaf first; nothing but damaged footers has been changed in it.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) carried: Carried,
    pub(crate) links: Vec<StagedMember>,
}

/// Lets `chain` pass if it is sound, as far as `tolerance` goes.
pub(crate) fn examine(chain: Sequenced, tolerance: Tolerance, ctx: Context<'_>) -> Result<Examined, Error> {
    ctx.stage(Stage::Relink, None)?;
    let Sequenced { mut carried, links } = chain;
    for link in &links {
        require_sound(carried.staging.dir(), link, tolerance, ctx, &mut carried.notes)?;
    }
    let mut below: Option<vhd::Footer> = None;
    for (index, link) in links.iter().enumerate().rev() {
        let file = carried.staging.dir().open_file(&link.staged, false)?;
        let image = Image::open(file).map_err(Error::engine(&link.name))?;
        require_place(&image, &link.name, below.as_ref())?;
        if index == 0 && image.is_hidden() && !tolerance.hidden_leaf {
            let found = "a hidden one: an inner node, whose leaf is missing";
            let finding = image.finding(Field::Hidden, Rule::Hidden, "a visible leaf", found);
            return Err(Error::image(&link.name, finding));
        }
        below = Some(image.footer().clone());
    }
    Ok(Examined { carried, links })
}

/// The file is sound, or can be made so as far as `tolerance` goes.
fn require_sound(
    dir: &Dir,
    link: &StagedMember,
    tolerance: Tolerance,
    ctx: Context<'_>,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let mut file = dir.open_file(&link.staged, false)?;
    let examine = |file: &File| vhd::check(file, Scope::Body, ctx.now()).map_err(Error::engine(&link.name));
    let mut checkup = examine(&file)?;
    // What qemu calls force_size is a geometry that says "look at the size": relinking sets it right.
    let foreign = |f: &Finding| f.rule == Rule::Geometry;
    let footers = |f: &Finding| matches!(f.part, Part::Footer | Part::FooterCopy);
    if tolerance.repair && !checkup.findings.is_empty() && checkup.findings.list.iter().all(footers) {
        file = dir.open_file(&link.staged, true)?;
        if vhd::repair_footers(&file).map_err(Error::engine(&link.name))? {
            notes.push(format!("{}: a damaged footer was rewritten from the good one", link.name));
            checkup = examine(&file)?;
        }
    }
    checkup.findings.list.retain(|f| !foreign(f));
    match Error::of_findings(&link.name, &checkup.findings) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// The image has the kind that its place asks for, and names the link below, by its footer, as its parent.
fn require_place(image: &Image<File>, source: &str, below: Option<&vhd::Footer>) -> Result<(), Error> {
    let refuse = |field, rule, expected: &str, found: &str| {
        Err(Error::image(source, image.finding(field, rule, expected, found)))
    };
    let (without, with) = ("a differencing one, whose parent is missing", "a dynamic one, which has none");
    let parent = match (image.kind(), below) {
        (DiskType::Fixed, _) => {
            return refuse(
                Field::DiskType,
                Rule::FixedDisk,
                "a dynamic or differencing image",
                "a fixed one",
            );
        }
        (DiskType::Differencing, None) => {
            return refuse(
                Field::DiskType,
                Rule::ChainType,
                "a dynamic image: it is the base of this chain",
                without,
            );
        }
        (DiskType::Dynamic, Some(_)) => {
            let expected = "a differencing image: it has a parent in this chain";
            return refuse(Field::DiskType, Rule::ChainType, expected, with);
        }
        (DiskType::Dynamic, None) => return Ok(()),
        (DiskType::Differencing, Some(parent)) => uuid::Uuid::from_bytes(parent.uuid),
    };
    let named = image.parent_uuid().unwrap_or_default();
    if image.uuid() == parent || named == image.uuid() {
        let expected = "an image and its parent with different uuids";
        return refuse(Field::Place, Rule::ChainLoop, expected, &format!("{} as both", image.uuid()));
    }
    if named != parent {
        let expected = format!("parent {parent}, the next link of the chain");
        return refuse(Field::ParentUuid, Rule::ParentUuid, &expected, &format!("parent {named}"));
    }
    Ok(())
}
