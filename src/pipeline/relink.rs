//! Fourth stage: sound links become a chain of this SR.
//!
//! First every file is checked for what it is by itself, and against the link that comes next, by the uuids that it
//! arrived with: relinking a mis-sequenced chain would make it look sound. Only then is anything written: geometry,
//! hidden flags, and, from the base up, the names of the parents.

use std::fs::File;

use super::context::Context;
use super::error::Error;
use super::identify::{Identified, Link};
use super::progress::Stage;
use crate::vhd::{self, DiskType, Finding, Image, Part, Rule, Scope};

/// How a chain may differ from what it should be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tolerance {
    /// Rewrite a damaged footer from the good one.
    pub(crate) repair: bool,
    /// Take a hidden leaf: it comes from an SR, where it was somebody's parent.
    pub(crate) hidden_leaf: bool,
}

/// A chain whose links name each other by their final names.
#[derive(Debug)]
pub(crate) struct Relinked {
    pub(crate) chain: Identified,
    pub(crate) notes: Vec<String>,
}

/// Makes one chain of `chain`'s links.
pub(crate) fn link(chain: Identified, tolerance: Tolerance, ctx: Context<'_>) -> Result<Relinked, Error> {
    ctx.stage(Stage::Relink, None);
    let mut notes = Vec::new();
    for link in &chain.links {
        require_sound(&chain, link, tolerance, ctx, &mut notes)?;
    }
    let mut below: Option<(vhd::Footer, &Link)> = None;
    for (index, link) in chain.links.iter().enumerate().rev() {
        let image = Image::open(open(&chain, link, false)?).map_err(Error::engine(&link.source))?;
        require_place(&image, &link.source, below.as_ref().map(|(footer, _)| footer))?;
        if index == 0 && image.is_hidden() && !tolerance.hidden_leaf {
            let (offset, expected) = (85, "a visible leaf");
            let found = "a hidden one: an inner node, whose leaf is missing";
            let finding = Finding::new(Part::Footer, Rule::Hidden, offset, expected, found);
            return Err(Error::image(&link.source, finding));
        }
        below = Some((image.footer().clone(), link));
    }
    write(&chain, ctx, &mut notes)?;
    Ok(Relinked { chain, notes })
}

fn open(chain: &Identified, link: &Link, writable: bool) -> Result<File, Error> {
    Ok(chain.staging.dir().open_file(&link.file_name(), writable)?)
}

/// The file is sound, or can be made so as far as `tolerance` goes.
fn require_sound(
    chain: &Identified,
    link: &Link,
    tolerance: Tolerance,
    ctx: Context<'_>,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let mut file = open(chain, link, false)?;
    let examine = |file: &File| vhd::check(file, Scope::Body, ctx.now()).map_err(Error::engine(&link.source));
    let mut checkup = examine(&file)?;
    // What qemu calls force_size is a geometry that says "look at the size": it is set right below.
    let foreign = |f: &Finding| f.rule == Rule::Geometry;
    let footers = |f: &Finding| matches!(f.part, Part::Footer | Part::FooterCopy);
    if tolerance.repair && !checkup.findings.is_empty() && checkup.findings.list.iter().all(footers) {
        file = open(chain, link, true)?;
        if vhd::repair_footers(&file).map_err(Error::engine(&link.source))? {
            notes.push(format!("{}: a damaged footer was rewritten from the good one", link.source));
            checkup = examine(&file)?;
        }
    }
    checkup.findings.list.retain(|f| !foreign(f));
    match Error::of_findings(&link.source, &checkup.findings) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// The image has the kind that its place asks for, and names the link below, by its footer, as its parent.
fn require_place(image: &Image<File>, source: &str, below: Option<&vhd::Footer>) -> Result<(), Error> {
    let refuse = |part, rule, offset, expected: &str, found: String| {
        Err(Error::image(source, Finding::new(part, rule, offset, expected, found)))
    };
    let (kind, wanted) =
        (image.kind(), if below.is_some() { DiskType::Differencing } else { DiskType::Dynamic });
    if kind == DiskType::Fixed {
        return refuse(
            Part::Footer,
            Rule::DiskType,
            60,
            "a dynamic or differencing image",
            "a fixed one".into(),
        );
    }
    if kind != wanted {
        let (expected, found) = match below {
            Some(_) => {
                ("a differencing image: it has a parent in this chain", "a dynamic one, which has none")
            }
            None => (
                "a dynamic image: it is the base of this chain",
                "a differencing one, whose parent is missing",
            ),
        };
        return refuse(Part::Footer, Rule::ChainType, 60, expected, found.to_owned());
    }
    let Some(parent) = below else { return Ok(()) };
    let parent_uuid = uuid::Uuid::from_bytes(parent.uuid);
    let named = image.parent_uuid().unwrap_or_default();
    if image.uuid() == parent_uuid || named == image.uuid() {
        let found = format!("{} as both", image.uuid());
        return refuse(
            Part::Chain,
            Rule::ChainLoop,
            0,
            "an image and its parent with different uuids",
            found,
        );
    }
    if named != parent_uuid {
        let expected = format!("parent {parent_uuid}, the next link of the chain");
        return refuse(Part::Header, Rule::ParentUuid, 40, &expected, format!("parent {named}"));
    }
    Ok(())
}

/// Writes what differs, from the base up, so that a child is linked to a parent that will not change any more.
fn write(chain: &Identified, ctx: Context<'_>, notes: &mut Vec<String>) -> Result<(), Error> {
    let dir = chain.staging.dir();
    let mut parent: Option<&Link> = None;
    for (index, link) in chain.links.iter().enumerate().rev() {
        let path = dir.join(&link.file_name());
        let mut image = Image::open(open(chain, link, true)?).map_err(Error::engine(&link.source))?;
        if image.normalise_geometry().map_err(Error::engine(&link.source))? {
            notes.push(format!("{}: the geometry was set to that of its size", link.source));
        }
        let hidden = index > 0;
        if image.is_hidden() != hidden {
            ctx.tool.set_hidden(&path, hidden)?;
        }
        if let Some(parent) = parent {
            ctx.tool.set_parent(&path, &dir.join(&parent.file_name()))?;
        }
        parent = Some(link);
    }
    Ok(())
}
