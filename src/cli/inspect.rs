//! `vhd-porter inspect`.

use std::path::Path;

use super::args::Inspect as Args;
use super::list::list;
use super::outcome::{Exit, Failure};
use super::{openstack, place, show};
use crate::pipeline::{ImageFacts, Inspection, inspect};
use crate::transport::Source;

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let inspection = match &args.file {
        Some(file) if Path::new(file).is_dir() => return list(Path::new(file), &[], args.json),
        Some(file) => inspect(Source::open(file, &openstack::settings(&args.glance)?)?)?,
        None => return list(&place::find(args.sr.as_deref(), args.sr_uuid)?, &[], args.json),
    };
    if args.json {
        show::document(&inspection);
    } else {
        show::text(&words(&inspection));
    }
    Ok(Exit::Done)
}

fn words(inspection: &Inspection) -> String {
    match inspection {
        Inspection::Image(facts) => fields(facts, ""),
        // An SR is shown by `list`.
        Inspection::Repository(_) => String::new(),
        Inspection::Archive { container, bytes, md5, sha256, members } => {
            let mut text = format!("{container}, {}\n", show::size(*bytes));
            text += &show::digests(&[("md5", md5), ("sha256", sha256)]);
            for member in members {
                text += &format!("\n{}  {}\n", member.name, show::size(member.bytes));
                text += &match &member.image {
                    Some(facts) => fields(facts, "  "),
                    None => "  not a VHD that can be read from its beginning\n".to_owned(),
                };
            }
            text
        }
    }
}

fn fields(facts: &ImageFacts, indent: &str) -> String {
    let mut text = String::new();
    let mut field = |name: &str, value: String| text += &format!("{indent}{name:14}{value}\n");
    field("kind", facts.kind.clone());
    field("uuid", facts.uuid.to_string());
    field("disk", format!("{} ({} bytes)", show::size(facts.virtual_size), facts.virtual_size));
    if let Some(bytes) = facts.physical_size {
        let occupied = facts.occupied_size.map_or(String::new(), |n| format!(", occupies {}", show::size(n)));
        field("file", format!("{} ({bytes} bytes){occupied}", show::size(bytes)));
    }
    if let (Some(size), Some(entries)) = (facts.block_size, facts.max_bat_entries) {
        let allocated = facts.allocated_blocks.map_or(String::new(), |n| format!("{n} of "));
        field("blocks", format!("{allocated}{entries}, {} each", show::size(u64::from(size))));
    }
    field("hidden", if facts.hidden { "yes" } else { "no" }.into());
    field("created", format!("{} by {}", facts.created, facts.creator));
    field("geometry", facts.geometry.clone());
    field("footer", facts.footer.into());
    if let Some(parent) = facts.parent_uuid {
        field("parent", format!("{parent} {}", facts.parent_name.as_deref().unwrap_or_default()));
    }
    for locator in &facts.locators {
        let path = locator.path.as_deref().unwrap_or("unreadable");
        field("locator", format!("{} {} {path}", locator.slot, locator.platform));
    }
    text
}
