//! Sixth stage: the gate. What passes here cannot break an SR.
//!
//! The storage manager's scan, its garbage collector and `vhd-util check` each look at different things, and one bad
//! file stops them for the whole SR. So every file is looked at again as it will land, whoever relinked it, and the
//! tool has its say as well.

use uuid::Uuid;

use super::context::Context;
use super::error::Error;
use super::identify::{Identified, Link};
use super::relink::Relinked;
use super::report::LinkReport;
use crate::os::Dir;
use crate::sr::{MAX_DEPTH, vdi_file_name};
use crate::tool::CheckVerdict;
use crate::vhd::{self, Field, Finding, Image, Part, Rule, Scope};

/// A chain that may land.
#[derive(Debug)]
pub(crate) struct Validated {
    pub(crate) chain: Identified,
    pub(crate) reports: Vec<LinkReport>,
}

/// Examines every link and every joint of `relinked`.
pub(crate) fn check(relinked: Relinked, ctx: Context<'_>) -> Result<Validated, Error> {
    let Relinked(mut chain) = relinked;
    let (links, dir) = (&chain.links, chain.carried.staging.dir());
    let mut reports: Vec<LinkReport> = Vec::new();
    if links.len() > MAX_DEPTH {
        let expected = format!("at most {MAX_DEPTH} links");
        let finding = Finding::new(Part::Chain, Rule::ChainDepth, 0, expected, links.len());
        return Err(Error::image(&links[0].source, finding));
    }
    let mut below: Option<(vhd::Footer, Uuid)> = None;
    for (index, link) in links.iter().enumerate().rev() {
        let file = dir.open_file(&link.file_name(), false)?;
        let engine = || Error::engine(&link.source);
        let checkup = vhd::check(&file, Scope::Repository, ctx.now()).map_err(engine())?;
        if let Some(error) = Error::of_findings(&link.source, &checkup.findings) {
            return Err(error);
        }
        let image = Image::open(&file).map_err(engine())?;
        joint(&image, link, index, below.as_ref())?;
        ask_tool(dir, links, index, ctx)?;
        let metadata = file.metadata().map_err(crate::os::Error::at("examining", link.file_name()))?;
        reports.push(LinkReport {
            uuid: link.uuid,
            parent: below.as_ref().map(|(_, uuid)| *uuid),
            virtual_size: image.virtual_size(),
            physical_size: metadata.len(),
            hidden: image.is_hidden(),
            source: link.source.clone(),
        });
        below = Some((image.footer().clone(), link.uuid));
    }
    reports.reverse();
    chain.carried.notes.extend(ctx.tool.remarks());
    Ok(Validated { chain, reports })
}

/// The link fits the one below it: name, uuid, size; and its hidden flag fits its place.
fn joint<S: vhd::Storage>(
    image: &Image<S>,
    link: &Link,
    index: usize,
    below: Option<&(vhd::Footer, Uuid)>,
) -> Result<(), Error> {
    let refuse = |field, rule, expected: &str, found: &str| {
        Err(Error::image(&link.source, image.finding(field, rule, expected, found)))
    };
    if image.is_hidden() != (index > 0) {
        let say = |hidden| if hidden { "hidden" } else { "visible" };
        return refuse(Field::Hidden, Rule::Hidden, say(index > 0), say(image.is_hidden()));
    }
    let (expected, found) = (below.map(|(f, _)| Uuid::from_bytes(f.uuid)), image.parent_uuid());
    if expected != found {
        let say = |uuid: Option<Uuid>| uuid.map_or("no parent".to_owned(), |u| format!("parent {u}"));
        return refuse(Field::ParentUuid, Rule::ParentUuid, &say(expected), &say(found));
    }
    let Some((parent, uuid)) = below else { return Ok(()) };
    let wanted = vdi_file_name(*uuid);
    let name = image.header().map(vhd::parent_name).and_then(Result::ok).unwrap_or_default();
    if name != wanted {
        return refuse(Field::ParentName, Rule::ParentName, &wanted, &name);
    }
    for locator in image.locators().map_err(Error::engine(&link.source))? {
        let path = locator.path.unwrap_or_default();
        if path.strip_prefix("./").unwrap_or(&path) != wanted {
            return refuse(Field::Locator(locator.slot), Rule::LocatorName, &format!("./{wanted}"), &path);
        }
    }
    let (size, least) = (image.virtual_size(), parent.current_size.get());
    if least > size {
        return refuse(Field::Size, Rule::ParentSize, &format!("at least {least} bytes"), &size.to_string());
    }
    Ok(())
}

/// The tool finds the same parent, the same flag, and nothing wrong.
fn ask_tool(dir: &Dir, links: &[Link], index: usize, ctx: Context<'_>) -> Result<(), Error> {
    let path = dir.join(&links[index].file_name());
    let refused = |reason| Err(Error::Verdict { file: links[index].source.clone(), reason });
    let facts = ctx.tool.query(&path).map_err(Error::tool(&links[index].source))?;
    let parent = facts.parent.as_deref().and_then(std::path::Path::file_name);
    let wanted = links.get(index + 1).map(|l| std::ffi::OsString::from(l.file_name()));
    if parent != wanted.as_deref() {
        return refused(format!("it finds the parent {parent:?}, expected {wanted:?}"));
    }
    if facts.hidden != (index > 0) {
        return refused(format!("it finds hidden = {}, expected {}", facts.hidden, index > 0));
    }
    match ctx.tool.check(&path).map_err(Error::tool(&links[index].source))? {
        CheckVerdict::Valid => Ok(()),
        CheckVerdict::Invalid(reason) => refused(reason),
    }
}
