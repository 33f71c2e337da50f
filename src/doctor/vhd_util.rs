//! The host's `vhd-util`: which it is, and whether it does what is asked of it.

use std::io::Read as _;
use std::path::Path;
use std::time::SystemTime;

use uuid::Uuid;

use super::line::Line;
use super::subject::{PATIENCE, Subject};
use crate::config::{Settings, key};
use crate::os::Dir;
use crate::tool::{CheckVerdict, Embedded, Error, HostTool, VhdTool};
use crate::vhd::{self, ParentLink, VhdTime};

const WHAT: &str = "vhd-util";
/// The commands that we use.
const USED: [&str; 4] = ["check", "modify", "query", "set"];
/// What only our own says (docs/vhd-util.md, `parent-loop`).
const OURS: &[u8] = b"invalid chain: it runs in a loop";
/// Longer than any vhd-util, bytes.
const LONGEST: u64 = 64 << 20;
const INSTEAD: &str = "correct vhd_util, or work with --tool embedded";

pub(super) fn look(subject: &Subject) -> Vec<Line> {
    let line = match tool(&subject.settings) {
        Err(Error::Missing { program }) if is_configured(&subject.settings) => {
            let found = format!("no {program}, which vhd_util names: the embedded engine relinks and checks");
            Line::warn(WHAT, found, INSTEAD)
        }
        Err(Error::Missing { program }) => {
            Line::good(WHAT, format!("no {program} here: the embedded engine relinks and checks"))
        }
        Err(error) => Line::failed(WHAT, &error, INSTEAD),
        Ok(tool) => identified(&tool),
    };
    vec![line]
}

fn is_configured(settings: &Settings) -> bool {
    settings.text(key::VHD_UTIL) != key::VHD_UTIL.default
}

/// The host's tool, with little patience.
fn tool(settings: &Settings) -> Result<HostTool, Error> {
    Ok(HostTool::new(settings.text(key::VHD_UTIL))?.within(PATIENCE))
}

fn identified(tool: &HostTool) -> Line {
    let program = tool.program().display();
    let usage = match tool.usage() {
        Ok(usage) => usage,
        Err(error) => return Line::failed(WHAT, &error, INSTEAD),
    };
    let known: Vec<&str> = usage.split(|c: char| !c.is_ascii_lowercase()).collect();
    let lacking: Vec<&str> = USED.into_iter().filter(|command| !known.contains(command)).collect();
    if !lacking.is_empty() {
        let found = format!("{program} does not know {}", lacking.join(", "));
        return Line::bad(WHAT, found, INSTEAD);
    }
    let whose = if is_ours(tool.program()) { "our own" } else { "the host's" };
    Line::good(WHAT, format!("{program}, {whose}, relinks and checks; the engine has the last word"))
}

fn is_ours(program: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(program).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.is_ok() && memchr::memmem::find(&bytes, OURS).is_some()
}

/// Has it relink, hide, query and check a small chain in `dir`, a directory that somebody else removes.
pub(super) fn try_out(settings: &Settings, dir: &Dir) -> Option<Line> {
    // What is missing or cannot be started has its line already.
    let tool = tool(settings).ok()?;
    let line = match rehearse(&tool, dir) {
        Ok(None) => Line::good(WHAT, "relinks, hides, queries and checks a chain there as the engine does"),
        Ok(Some(difference)) => Line::bad(WHAT, difference, INSTEAD),
        Err(error) => Line::failed(WHAT, &error, INSTEAD),
    };
    Some(line)
}

/// Where the tool and the engine are of two minds.
fn rehearse(tool: &HostTool, dir: &Dir) -> Result<Option<String>, Error> {
    let (parent, child) = chain(dir)?;
    tool.set_parent(&child, &parent)?;
    tool.set_hidden(&parent, true)?;
    let engine = Embedded::new();
    for image in [&parent, &child] {
        let (theirs, ours) = (tool.query(image)?, engine.query(image)?);
        if theirs != ours {
            return Ok(Some(format!("query differs from the engine's: {theirs:?}, {ours:?}")));
        }
        for (who, verdict) in [("it", tool.check(image)?), ("the engine", engine.check(image)?)] {
            if let CheckVerdict::Invalid(reason) = verdict {
                return Ok(Some(format!("{who} refuses what it has relinked: {reason}")));
            }
        }
    }
    Ok(None)
}

/// A parent, and a child whose parent has got another name since.
fn chain(dir: &Dir) -> Result<(std::path::PathBuf, std::path::PathBuf), Error> {
    let now = VhdTime::from_system(SystemTime::now());
    let engine = |name: &str| {
        let path = dir.join(name);
        move |source: vhd::Error| Error::Engine { path, source }
    };
    let base = vhd::create_dynamic(dir.create("base.vhd")?, u64::from(vhd::BLOCK_SIZE), Uuid::new_v4(), now);
    let base = base.map_err(engine("base.vhd"))?;
    let link = ParentLink { file_name: "base.vhd".to_owned(), uuid: base.uuid(), modified: now };
    let size = base.virtual_size();
    drop(base);
    let child = vhd::create_differencing(dir.create("leaf.vhd")?, size, Uuid::new_v4(), now, &link);
    drop(child.map_err(engine("leaf.vhd"))?);
    dir.rename("base.vhd", "parent.vhd")?;
    Ok((dir.join("parent.vhd"), dir.join("leaf.vhd")))
}
