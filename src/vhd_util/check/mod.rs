//! `check`: whether an image can be trusted; the first thing that is wrong with it, and then all its metadata.

mod ancestry;
mod blocks;
mod judge;
mod stats;

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use zerocopy::IntoBytes;

use super::console::{Console, say};
use super::disk::{self, Disk, Opening};
use super::errno::Errno;
use super::getopt::Options;
use super::{clock, parent, read};
use crate::vhd::{DiskType, Footer, Rule, Scope, Storage, VhdTime};

pub(super) const USAGE: &str = "options: -n <file> [-i ignore missing primary footers] [-I ignore parent uuids] [-t ignore timestamps] [-B do not check BAT for overlapping (precludes -s, -b)] [-p check parents] [-b check bitmaps] [-s stats] [-h help]\n";

/// What to look at, and what to overlook.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ask {
    primary_may_be_bad: bool,
    any_parent_uuid: bool,
    any_time: bool,
    parents: bool,
    bitmaps: bool,
    overlap_allowed: bool,
    stats: bool,
}

/// What every check of this run shares.
pub(super) struct Run<'a, 'b> {
    ask: Ask,
    now: Option<VhdTime>,
    console: &'a mut Console<'b>,
}

/// Prints what is wrong and makes it the outcome.
macro_rules! wrong {
    ($run:expr, $errno:expr, $($arg:tt)*) => {{
        $run.console.say(format_args!($($arg)*));
        $run.console.say(format_args!("\n"));
        return Err($errno);
    }};
}
use wrong;

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("check", "n:iItpbBsh", args, console);
    let (mut name, mut ask) = (None, Ask::default());
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'i' => ask.primary_may_be_bad = true,
            'I' => ask.any_parent_uuid = true,
            't' => ask.any_time = true,
            'p' => ask.parents = true,
            'b' => ask.bitmaps = true,
            'B' => ask.overlap_allowed = true,
            's' => ask.stats = true,
            'h' => {
                say!(console, "{USAGE}");
                return Ok(());
            }
            _ => return super::usage(console, USAGE),
        }
    }
    let contradiction = ask.overlap_allowed && (ask.stats || ask.bitmaps);
    let Some(name) = name.filter(|_| options.operands.is_empty() && !contradiction) else {
        return super::usage(console, USAGE);
    };
    let now = (!ask.any_time).then(clock::now);
    Run { ask, now, console }.chain(Path::new(&name))
}

impl Run<'_, '_> {
    /// Checks the image and, where that was asked for, everything above it.
    fn chain(&mut self, path: &Path) -> Result<(), Errno> {
        let checked = self.one(path)?;
        let mut family: Vec<Disk> = checked.into_iter().collect();
        let mut outcome = Ok(());
        if self.ask.parents {
            outcome = self.ancestors(&mut family);
            if let Err(error) = outcome {
                say!(self.console, "error checking parents: {error}\n");
            }
        }
        if self.ask.stats && !family.is_empty() {
            stats::print(self.console, &family)?;
        }
        outcome
    }

    fn ancestors(&mut self, family: &mut Vec<Disk>) -> Result<(), Errno> {
        while let Some(last) = family.last() {
            if !last.is_child() || last.has_raw_parent() {
                break;
            }
            let path = match parent::locate(last) {
                Ok(path) => path,
                Err(e) => wrong!(self, e, "error getting parent: {e}"),
            };
            match self.one(&path)? {
                Some(parent) => family.push(parent),
                None => break,
            }
        }
        Ok(())
    }

    /// Checks one file. Returns the image, or `None` for a fixed disk: there is nothing in it to go on with.
    fn one(&mut self, path: &Path) -> Result<Option<Disk>, Errno> {
        let file = self.file(path)?;
        let outcome = self.image(&file, path);
        if outcome.is_err() {
            say!(self.console, "{} appears invalid; dumping metadata\n", path.display());
            // The verdict stands whatever the dump meets.
            let _ = read::headers(self.console, path);
        }
        outcome
    }

    fn file(&mut self, path: &Path) -> Result<File, Errno> {
        let kind = match std::fs::metadata(path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) => {
                let error = Errno::from(error);
                wrong!(self, error, "cannot stat {}: {}", path.display(), error.number())
            }
        };
        if !kind.is_file() && !kind.is_block_device() {
            wrong!(self, Errno::INVAL, "{} is not a regular file or block device", path.display());
        }
        disk::open_file(path, false).inspect_err(|_| {
            say!(self.console, "error opening {}\n", path.display());
        })
    }

    fn image(&mut self, file: &File, path: &Path) -> Result<Option<Disk>, Errno> {
        let (footer, len) = self.footers(file)?;
        if DiskType::of(&footer) == Some(DiskType::Fixed) {
            return self.fixed(&footer, len).map(|()| None);
        }
        self.header(file, &footer, len)?;
        let disk = Disk::open(path, Opening { disabled: true, ..Opening::default() })?;
        let header = disk.header()?;
        if let Some(words) = judge::parentage(header, disk.is_child(), self.now) {
            wrong!(self, Errno::INVAL, "differencing header is invalid: {words}");
        }
        self.blocks(&disk)?;
        self.batmap(&disk)?;
        if disk.is_child() {
            self.ancestry(&disk)?;
        }
        self.overlooked(&disk)?;
        if !self.ask.stats {
            say!(self.console, "{} is valid\n", path.display());
        }
        Ok(Some(disk))
    }

    /// Judges both footers; returns the one to go on with.
    fn footers(&mut self, file: &File) -> Result<(Footer, u64), Errno> {
        let len = file.len()?;
        if len < 512 {
            wrong!(self, Errno::INVAL, "error calculating end of file: {}", Errno::INVAL);
        }
        let primary = match len % 512 {
            0 => disk::footer_at(file, len - 512),
            _ => disk::short_footer(file, len),
        };
        let primary = match primary {
            Ok(footer) => footer,
            Err(e) => wrong!(self, e, "error reading primary footer: {e}"),
        };
        let bad = judge::footer(&primary, self.now);
        if let Some(words) = bad.filter(|_| !self.ask.primary_may_be_bad) {
            wrong!(self, Errno::INVAL, "primary footer invalid: {words}");
        }
        if bad.is_none() && DiskType::of(&primary) == Some(DiskType::Fixed) {
            return Ok((primary, len));
        }
        let copy = match disk::footer_at(file, 0) {
            Ok(footer) => footer,
            Err(e) => wrong!(self, e, "error reading backup footer: {e}"),
        };
        if let Some(words) = judge::footer(&copy, self.now) {
            wrong!(self, Errno::INVAL, "backup footer invalid: {words}");
        }
        // The last byte of a footer of 511 is not there to be compared; it is reserved, and judged by itself.
        let same = primary.as_bytes()[..511] == copy.as_bytes()[..511];
        if !same && !self.ask.primary_may_be_bad {
            wrong!(self, Errno::INVAL, "primary and backup footers do not match");
        }
        Ok((copy, len))
    }

    /// A fixed disk is good when its footer is, and when its data is all there.
    fn fixed(&mut self, footer: &Footer, len: u64) -> Result<(), Errno> {
        if let Some(words) = judge::first_byte(footer) {
            wrong!(self, Errno::INVAL, "primary footer invalid: {words}");
        }
        let size = footer.current_size.get();
        if size > len - len % 512 - u64::from(len.is_multiple_of(512)) * 512 {
            wrong!(self, Errno::INVAL, "invalid file size: 0x{len:x} for a disk of 0x{size:x} bytes");
        }
        Ok(())
    }

    fn header(&mut self, file: &File, footer: &Footer, len: u64) -> Result<(), Errno> {
        if disk::is_too_far(footer.data_offset.get()) {
            wrong!(self, Errno::INVAL, "error seeking to header: {}", Errno::INVAL);
        }
        match disk::header_at(file, footer.data_offset.get()) {
            Ok(header) => match judge::header(&header, len) {
                Some(words) => wrong!(self, Errno::INVAL, "header is invalid: {words}"),
                None => Ok(()),
            },
            Err(Errno::PIPE) => wrong!(self, Errno::IO, "error reading header: {}", Errno::IO),
            Err(e) => wrong!(self, e, "error reading header: {e}"),
        }
    }

    /// What `vhd-util` never looked at and the engine does: blocks in odd places, structures that overlap, a batmap that
    /// promises what the bitmaps do not keep.
    fn overlooked(&mut self, disk: &Disk) -> Result<(), Errno> {
        if let Some(words) = judge::first_byte(&disk.footer) {
            wrong!(self, Errno::INVAL, "primary footer invalid: {words}");
        }
        if let Some(words) = disk.header.as_ref().and_then(|h| judge::first_bytes(h, disk.is_child())) {
            wrong!(self, Errno::INVAL, "header is invalid: {words}");
        }
        let checkup = crate::vhd::check(&disk.file, Scope::Whole, self.now.unwrap_or(VhdTime(u32::MAX)))?;
        let grave = |rule: Rule| {
            let overlap = matches!(rule, Rule::BlockOverlap) && !self.ask.overlap_allowed;
            overlap
                || matches!(
                    rule,
                    Rule::BlockInMetadata
                        | Rule::BlockPastEnd
                        | Rule::BlockSize
                        | Rule::BatSize
                        | Rule::MetadataOverlap
                        | Rule::BatmapPlace
                        | Rule::BatmapNotFull
                        | Rule::LocatorText
                )
        };
        match checkup.findings.list.iter().find(|f| grave(f.rule)) {
            Some(finding) => wrong!(self, Errno::INVAL, "invalid {finding}"),
            None => Ok(()),
        }
    }
}

/// The file's own name, as the statistics show it.
pub(super) fn base_name(path: &Path) -> PathBuf {
    path.file_name().map_or_else(|| path.to_owned(), PathBuf::from)
}
