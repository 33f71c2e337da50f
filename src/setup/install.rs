//! Putting everything in place.

use std::fs::File;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::io::Errno;

use super::Mode;
use super::change::{Action, Change};
use super::error::Error;
use super::item::{Content, Item};
use super::names;
use super::plan::{Plan, Step};
use super::site::Site;
use super::uninstall::take_back;
use crate::os::{self, Dir};

/// Has `items`, of the version `version`, stand at `site`, in their order. What an older version had in the
/// same directories, and this one has not, goes. Returns what was done, or is to be.
///
/// # Errors
/// Something is in the way, privileges are missing, or the system refused. What was done until then stays: it
/// is whole, and the next run goes on.
pub fn install(site: &Site, items: &[Item], version: &str, mode: Mode) -> Result<Vec<Change>, Error> {
    let plan = Plan::make(site, items.to_vec(), version)?;
    if mode == Mode::Rehearse {
        let mut changes = plan.changes();
        changes.extend(take_back(site, &plan.stale, mode)?);
        return Ok(changes);
    }
    let (state, _lock) = site.lock()?;
    // Somebody may have been at work in between.
    let plan = Plan::make(site, items.to_vec(), version)?;
    plan.manifest.write(&state)?;
    for directory in &plan.directories {
        site.make(directory)?;
    }
    for steps in plan.steps.chunk_by(|a, b| a.item.path.parent() == b.item.path.parent()) {
        place(site, steps)?;
    }
    let mut changes = plan.changes();
    changes.extend(take_back(site, &plan.stale, mode)?);
    plan.done().write(&state)?;
    Ok(changes)
}

/// Carries out the steps in one directory: all backups, durably, then all names.
fn place(site: &Site, steps: &[Step]) -> Result<(), Error> {
    let todo: Vec<&Step> = steps.iter().filter(|step| step.action != Action::Keep).collect();
    let Some(first) = todo.first() else { return Ok(()) };
    let actual = site.actual(&first.item.path);
    let dir = Dir::open(actual.parent().unwrap_or(Path::new("/")))?;
    let mut backed_up = false;
    for step in &todo {
        if let Some(backup) = &step.backup {
            back_up(&dir, names::of(&step.item.path), backup)?;
            backed_up = true;
        }
    }
    if backed_up {
        dir.sync()?;
    }
    for step in todo {
        put(&dir, &step.item)?;
    }
    Ok(dir.sync()?)
}

/// Gives what stands at `name` the second name `backup`, unless it has it already.
fn back_up(dir: &Dir, name: &str, backup: &str) -> Result<(), Error> {
    if dir.is_same(backup, name)? {
        return Ok(());
    }
    os::link(dir, name, dir, backup).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::PERM | Errno::OPNOTSUPP | Errno::MLINK | Errno::NOSYS) => Error::NoLinks(dir.join(name)),
        _ => os::Error::at("backing up", dir.join(name))(error).into(),
    })
}

/// Has `item` stand at its name, whole or not at all.
fn put(dir: &Dir, item: &Item) -> Result<(), Error> {
    let name = names::of(&item.path);
    let fresh = names::fresh(name);
    // Left by a run that was killed: the name is ours.
    if dir.stat(&fresh)?.is_some() {
        dir.unlink(&fresh)?;
    }
    let made = write(dir, &fresh, &item.content).and_then(|()| Ok(dir.replace(&fresh, name)?));
    if made.is_err() && dir.stat(&fresh).is_ok_and(|stat| stat.is_some()) {
        // What it failed of matters more.
        let _ = dir.unlink(&fresh);
    }
    made
}

/// Makes `content` at the free name `name`, durably.
fn write(dir: &Dir, name: &str, content: &Content) -> Result<(), Error> {
    let path = dir.join(name);
    let mut file = match content {
        Content::Link(target) => return Ok(dir.symlink(target, name)?),
        Content::Program(_) | Content::Guest(_) | Content::Text(_) => dir.create(name)?,
    };
    match content {
        Content::Program(source) | Content::Guest(source) => {
            let mut from = File::open(source).map_err(os::Error::at("opening", source))?;
            io::copy(&mut from, &mut file).map_err(os::Error::at("writing", &path))?;
        }
        Content::Text(text) => file.write_all(text).map_err(os::Error::at("writing", &path))?,
        Content::Link(_) => {}
    }
    let mode = std::fs::Permissions::from_mode(content.mode());
    file.set_permissions(mode).map_err(os::Error::at("setting the mode of", &path))?;
    Ok(os::again(|| file.sync_all()).map_err(os::Error::at("syncing", &path))?)
}
