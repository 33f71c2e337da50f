//! The parent: every locator can be read, names what the header names, and leads to the image that the header means.

use std::path::Path;

use super::{Run, judge, wrong};
use crate::vhd::{ParentLocator, PlatformCode, ascii_parent_name};
use crate::vhd_util::disk::{Disk, Opening};
use crate::vhd_util::errno::Errno;
use crate::vhd_util::parent::{self, Above, Climb};

impl Run<'_, '_> {
    pub(super) fn ancestry(&mut self, disk: &Disk) -> Result<(), Errno> {
        let header = disk.header()?;
        let Some(name) = ascii_parent_name(header) else {
            wrong!(self, Errno::INVAL, "error decoding parent name: {}", Errno::INVAL);
        };
        let (mut seen, mut found) = (Vec::new(), false);
        for (slot, locator) in header.locators.iter().enumerate() {
            if locator.code.get() == 0 {
                if *locator != ParentLocator::default() {
                    wrong!(self, Errno::INVAL, "invalid parent locator {slot}: non-zero locator");
                }
                continue;
            }
            if let Some(words) = judge::locator(locator, disk.len) {
                wrong!(self, Errno::INVAL, "invalid parent locator {slot}: {words}");
            }
            let code = locator.code.get();
            if seen.contains(&code) {
                wrong!(self, Errno::INVAL, "duplicate platform code in locator {slot}: 0x{code:x}");
            }
            seen.push(code);
            if PlatformCode::of(code).is_some_and(PlatformCode::is_read) {
                self.locator(disk, slot, locator, &name)?;
                found = true;
            }
        }
        if !found {
            wrong!(self, Errno::INVAL, "could not find parent {name}");
        }
        self.no_loop(disk)
    }

    /// One locator: its text, its file, its image.
    fn locator(
        &mut self,
        disk: &Disk,
        slot: usize,
        locator: &ParentLocator,
        name: &str,
    ) -> Result<(), Errno> {
        let text = match parent::locator_text(disk, locator) {
            Ok(text) => text,
            Err(e) => wrong!(self, e, "error reading parent locator {slot}: {e}"),
        };
        let base = base_name(&text);
        if base != name {
            wrong!(
                self,
                Errno::INVAL,
                "parent locator {slot} name ({base}) does not match header name ({name})"
            );
        }
        let path = match parent::resolve(&disk.path, &text) {
            Ok(path) => path,
            Err(e) => wrong!(self, e, "error resolving {text}: {e}"),
        };
        if !path.exists() {
            let shown = path.display();
            wrong!(
                self,
                Errno::NOENT,
                "parent locator {slot} points to missing file {text} (resolved to {shown})"
            );
        }
        if disk.has_raw_parent() || self.ask.any_parent_uuid { Ok(()) } else { self.parent(disk, &path) }
    }

    /// The file that a locator leads to is the image that the header means.
    fn parent(&mut self, disk: &Disk, path: &Path) -> Result<(), Errno> {
        let shown = path.display();
        let Ok(parent) = Disk::open(path, Opening { disabled: true, ..Opening::default() }) else {
            wrong!(self, Errno::INVAL, "invalid parent {shown}: error opening parent");
        };
        if parent.footer.uuid != disk.header()?.parent_uuid {
            wrong!(self, Errno::INVAL, "invalid parent {shown}: invalid parent uuid");
        }
        Ok(())
    }

    /// No ancestor is the image itself, or any other ancestor. What cannot be opened up there is not this check's business.
    fn no_loop(&mut self, disk: &Disk) -> Result<(), Errno> {
        let how = Opening { disabled: true, ..Opening::default() };
        let mut climb = Climb::from(disk)?;
        let mut next = climb.above(disk, how);
        loop {
            next = match next {
                Ok(Above::Image(parent)) => climb.above(&parent, how),
                Err(e @ Errno::LOOP) => wrong!(self, e, "invalid chain: it runs in a loop"),
                _ => return Ok(()),
            };
        }
    }
}

/// The last part of a path; of a path that ends nowhere, the directory.
fn base_name(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        trimmed => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_names_are_those_of_posix() {
        let cases = [("./a.vhd", "a.vhd"), ("", "."), ("/", "/"), ("a/b/", "b"), ("..", "..")];
        for (path, base) in cases {
            assert_eq!(base_name(path), base, "{path}");
        }
    }
}
