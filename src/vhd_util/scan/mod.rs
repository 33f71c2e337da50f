//! `scan`: a line for each of many images.

mod entry;
mod glob;
mod tree;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::console::{Console, complain, say};
use super::errno::Errno;
use super::getopt::Options;
use super::parent;
use entry::Entry;

pub(super) const USAGE: &str = "usage: [OPTIONS] FILES\noptions: [-m match filter] [-f fast] [-c continue on failure] [-l LVM volume] [-p pretty print] [-a scan parents] [-v verbose] [-h help] [-M show markers]\n";

/// What was asked for.
#[derive(Debug, Clone, Copy, Default)]
struct Ask {
    fast: bool,
    go_on: bool,
    pretty: bool,
    parents: bool,
    verbose: bool,
    markers: bool,
}

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("scan", "m:fcl:pavMh", args, console);
    let (mut ask, mut filter, mut volume) = (Ask::default(), None, None);
    for option in options.given {
        match option.letter {
            'm' => filter = Some(option.value),
            'f' => ask.fast = true,
            'c' => ask.go_on = true,
            'l' => volume = Some(option.value),
            'p' => ask.pretty = true,
            'a' => ask.parents = true,
            'v' => ask.verbose = true,
            'M' => ask.markers = true,
            'h' => {
                say!(console, "{USAGE}");
                return Ok(());
            }
            _ => return super::usage(console, USAGE),
        }
    }
    if filter.is_none() && options.operands.is_empty() {
        return super::usage(console, USAGE);
    }
    ask.fast &= !ask.pretty;
    let scan = Scan { ask, console, found: Vec::new(), seen: HashSet::new() };
    scan.all(volume.as_deref(), filter.as_deref(), &options.operands)
}

/// A scan under way.
struct Scan<'a, 'b> {
    ask: Ask,
    console: &'a mut Console<'b>,
    /// What waits to be printed as a tree.
    found: Vec<Entry>,
    /// Base names of what was scanned, so that each parent is scanned once.
    seen: HashSet<OsString>,
}

fn base_name(path: &Path) -> &OsStr {
    if path.as_os_str().is_empty() { OsStr::new(".") } else { path.file_name().unwrap_or(path.as_os_str()) }
}

impl Scan<'_, '_> {
    fn all(
        mut self,
        volume: Option<&OsStr>,
        filter: Option<&OsStr>,
        files: &[OsString],
    ) -> Result<(), Errno> {
        if volume.is_some() {
            complain!(self.console, "lvm_scan_vg failed {}\n", Errno::INVAL);
            return self.failed(Errno::INVAL);
        }
        let mut targets = Vec::new();
        if let Some(pattern) = filter {
            match glob::matching(pattern, !self.ask.fast) {
                Ok(found) => targets = found,
                Err(unreadable) => {
                    let number = unreadable.error.number();
                    self.trouble(&unreadable.directory, &number.to_string(), "failure scanning target");
                    self.trouble(Path::new(pattern), &Errno::IO.to_string(), "failure scanning target");
                    return self.failed(Errno::IO);
                }
            }
        }
        targets.extend(files.iter().map(PathBuf::from));
        let mut outcome = Ok(());
        self.seen = targets.iter().map(|t| base_name(t).to_owned()).collect();
        for target in targets {
            let done = self.target(&target);
            if done.is_err() && !self.ask.go_on {
                outcome = done;
                break;
            }
        }
        let found = std::mem::take(&mut self.found);
        tree::print(&mut self, &found);
        outcome
    }

    fn failed(&mut self, error: Errno) -> Result<(), Errno> {
        complain!(self.console, "scan failed: {error}. Check syslog for details\n");
        Err(error)
    }

    /// Scans one file and, where that was asked for, all above it that were not scanned yet.
    fn target(&mut self, target: &Path) -> Result<(), Errno> {
        if let Err(error) = std::fs::metadata(target) {
            let error = Errno::from(error);
            self.trouble(target, &error.to_string(), "failure scanning target");
            // With -c the exit code stays 0, and nothing is said on standard error.
            return if self.ask.go_on { Err(error) } else { self.failed(error) };
        }
        let mut next = Some((target.to_owned(), false));
        while let Some((path, raw)) = next.take() {
            let entry = if raw { entry::raw(&path)? } else { self.image(&path)? };
            let parent = entry.parent.clone().filter(|_| self.ask.parents);
            let parent_is_raw = entry.parent_is_raw;
            self.finish(entry);
            let Some(parent) = parent.filter(|p| self.seen.insert(base_name(p).to_owned())) else { break };
            let place = path.parent().unwrap_or(Path::new("")).join(&parent);
            if let Err(error) = std::fs::metadata(&place) {
                // A parent that is not there is told, and is no failure of the scan.
                self.trouble(&parent, &Errno::from(error).to_string(), "failure scanning target");
            } else {
                next = Some((place, parent_is_raw));
            }
        }
        Ok(())
    }

    fn image(&mut self, path: &Path) -> Result<Entry, Errno> {
        entry::read(path, self.ask.fast, self.ask.markers)
            .inspect_err(|(error, doing)| {
                let real = parent::canonical(path).ok().filter(|_| self.ask.pretty);
                self.trouble(real.as_deref().unwrap_or(path), &error.to_string(), doing);
            })
            .map_err(|(error, _)| error)
    }

    /// Prints an entry, or keeps it for the tree.
    fn finish(&mut self, entry: Entry) {
        if self.ask.pretty {
            self.found.push(entry);
        } else {
            self.line(&entry, 0, "");
        }
    }

    fn trouble(&mut self, name: &Path, error: &str, doing: &str) {
        say!(self.console, "vhd=");
        self.console.bytes(name.as_os_str().as_bytes());
        say!(self.console, " scan-error={error} error-message='{doing}'\n");
    }

    /// Prints the line of an entry.
    fn line(&mut self, entry: &Entry, depth: usize, note: &str) {
        let Ask { pretty, verbose, .. } = self.ask;
        let name = match (verbose, pretty) {
            (true, true) => entry.canonical.as_os_str(),
            (true, false) => entry.name.as_os_str(),
            _ => base_name(&entry.name),
        };
        let parent = entry.parent.as_deref().map(|p| if verbose { p.as_os_str() } else { base_name(p) });
        say!(self.console, "{:1$}vhd=", "", depth * 3);
        self.console.bytes(name.as_bytes());
        say!(self.console, " capacity={} size={} hidden={}", entry.capacity, entry.size, entry.hidden);
        if let Some((marker, key)) = &entry.markers {
            say!(self.console, " marker={marker} keyhash={key}");
        }
        say!(self.console, " parent=");
        self.console.bytes(parent.unwrap_or(OsStr::new("none")).as_bytes());
        say!(self.console, "{note}\n");
    }
}
