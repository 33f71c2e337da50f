//! Taking an image stream apart: which container it is, and one member after the other.
//!
//! Everything in an archive is a claim. Members are named only by the rules here, and nothing but regular files gets
//! past them.

use std::io::{self, BufRead, Read};

use tar::EntryType;

use super::arrival::Arrival;
use super::content::{Content, drain};
use super::error::{CUT_OFF, Error, NOT_AN_IMAGE};
use super::tarball::{Entry, Next, Tarball};
use crate::stream::{
    Algorithm, DigestReader, Digests, GzipReader, Peeked, WatchReader, ZstdReader, is_zstd, peek,
};
use crate::transport::Source;

/// Bytes looked at to tell containers apart: footer copy and first cookie of a VHD, first header of a tar.
const FIRST: usize = 1024;
/// More members than any chain has: an archive with more is refused before it fills the SR.
const MAX_MEMBERS: usize = 64;
/// Longer than any VHD that the storage manager takes: 2040 GiB of data, and the bitmaps.
const MAX_MEMBER: u64 = 2044 << 30;
/// Zeros tolerated behind the end of an archive: more than the blocking factor of any tape.
const MAX_PADDING: u64 = 1 << 20;
/// Bytes of a file's name, as file systems have it (`NAME_MAX`).
const LONGEST_NAME: usize = 255;

/// What a stream turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    /// `tar`, `vhd`, or one of them with `.gz` or `.zst`.
    pub(crate) container: &'static str,
    /// Of the stream as it came.
    pub(crate) digests: Digests,
}

/// A file in an image.
pub(crate) struct Member<'a> {
    /// Its name, without directories.
    pub(crate) name: String,
    /// How many bytes of it come, without holes; `None` for a VHD that comes alone.
    pub(crate) stored: Option<u64>,
    /// Its bytes.
    pub(crate) bytes: &'a mut dyn Content,
}

/// How an image is read.
pub(crate) struct Reading<'a> {
    /// Threads that may decode.
    pub(crate) threads: usize,
    /// Digests of the stream to compute, besides those that it is held against.
    pub(crate) digests: &'a [Algorithm],
    /// Hears of the bytes of the stream.
    pub(crate) passed: &'a dyn Fn(u64),
}

/// Goes through `source`, calling `visit` with every VHD in it, and to its end.
///
/// # Errors
/// The stream is no image; it holds what it should not; it is cut off or damaged; its digest is not what it should be; or
/// `visit` failed.
pub(crate) fn read_members(
    source: Source,
    how: &Reading<'_>,
    visit: &mut dyn FnMut(Member<'_>) -> Result<(), Error>,
) -> Result<Contents, Error> {
    let name = source.name().to_owned();
    let arrival = Arrival::of(&source);
    let tail_is_footer = source.tail().starts_with(b"conectix");
    let walk = Walk { archive: &name, threads: how.threads };
    let algorithms = [how.digests, &arrival.algorithms()].concat();
    let stream = DigestReader::new(WatchReader::new(source, how.passed), &algorithms);
    let mut stream = stream.map_err(walk.broken())?;
    match walk.whole(&mut stream, tail_is_footer, visit) {
        Ok(container) => {
            let digests = stream.finish().map_err(walk.broken())?;
            arrival.verify(&digests)?;
            Ok(Contents { container, digests })
        }
        Err(fault) => Err(arrival.judge(fault, stream)),
    }
}

struct Walk<'a> {
    archive: &'a str,
    threads: usize,
}

impl Walk<'_> {
    fn broken(&self) -> impl FnOnce(io::Error) -> Error {
        Error::stream(self.archive)
    }

    fn refuse<T>(&self, problem: &'static str, expected: &str, found: impl Into<String>) -> Result<T, Error> {
        let (archive, expected) = (self.archive.to_owned(), expected.to_owned());
        Err(Error::Archive { archive, problem, expected, found: found.into() })
    }

    /// Goes through the stream to its end, and returns which container it is.
    fn whole<R: Read>(
        &self,
        stream: &mut DigestReader<R>,
        tail_is_footer: bool,
        visit: &mut dyn FnMut(Member<'_>) -> Result<(), Error>,
    ) -> Result<&'static str, Error> {
        let first = stream.fill_buf().map_err(self.broken())?;
        let container = if first.starts_with(&[0x1f, 0x8b]) {
            let gzip = GzipReader::new(&mut *stream, self.threads).map_err(self.broken())?;
            let decoded = peek(gzip, FIRST).map_err(self.broken())?;
            match self.contents(decoded, false, visit)? {
                "tar" => "tar.gz",
                _ => "vhd.gz",
            }
        } else if is_zstd(first) {
            let zstd = ZstdReader::new(&mut *stream).map_err(self.broken())?;
            let decoded = peek(zstd, FIRST).map_err(self.broken())?;
            match self.contents(decoded, false, visit)? {
                "tar" => "tar.zst",
                _ => "vhd.zst",
            }
        } else {
            let plain = peek(&mut *stream, FIRST).map_err(self.broken())?;
            self.contents(plain, tail_is_footer, visit)?
        };
        // Whatever the decoder left: the digests are those of the whole stream.
        self.drain_zeros(stream)?;
        Ok(container)
    }

    fn contents<R: Read>(
        &self,
        peeked: Peeked<R>,
        tail_is_footer: bool,
        visit: &mut dyn FnMut(Member<'_>) -> Result<(), Error>,
    ) -> Result<&'static str, Error> {
        let first = &peeked.first;
        let cookie = first.starts_with(b"conectix") || first.get(512..520) == Some(b"cxsparse");
        if cookie || (tail_is_footer && !is_tar_header(first)) {
            let mut whole = peeked.whole.take(MAX_MEMBER);
            let name = self.archive.rsplit('/').next().unwrap_or_default().to_owned();
            visit(Member { name, stored: None, bytes: &mut whole })?;
            self.drain_zeros(&mut whole.into_inner())?;
            return Ok("vhd");
        }
        if is_tar_header(first) {
            self.members(peeked.whole, visit)?;
            return Ok("tar");
        }
        let found = match first.len() {
            0 => "an empty stream".to_owned(),
            _ => format!("bytes that start with \"{}\"", first[..first.len().min(16)].escape_ascii()),
        };
        self.refuse(NOT_AN_IMAGE, "a tar, tar.gz, tar.zst or VHD", found)
    }

    fn members<R: Read>(
        &self,
        whole: R,
        visit: &mut dyn FnMut(Member<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut archive = Tarball::new(whole);
        let mut count = 0;
        loop {
            let entry = match archive.next().map_err(self.broken())? {
                Next::Entry(entry) => entry,
                Next::End => return self.drain_zeros(&mut archive.into_inner()),
                // An archive that just stops may have lost members.
                Next::CutOff => {
                    let found = format!("the end of the stream behind {count} members");
                    return self.refuse(CUT_OFF, "an end-of-archive block", found);
                }
            };
            count += 1;
            if count > MAX_MEMBERS {
                return self.refuse("too many members", &format!("at most {MAX_MEMBERS}"), "more");
            }
            let name = self.member_name(&entry)?;
            if entry.size > MAX_MEMBER {
                let expected = format!("at most {MAX_MEMBER} bytes in {}", shown(&entry.path));
                return self.refuse("a member is too large", &expected, entry.size.to_string());
            }
            let mut content = archive.content(&entry);
            if let Some(name) = name {
                visit(Member { name, stored: Some(entry.stored), bytes: &mut content })?;
            }
            drain(&mut content).map_err(self.broken())?;
            archive.pad(entry.stored).map_err(self.broken())?;
        }
    }

    /// The name of an entry that is a VHD; `None` for one that is passed over.
    fn member_name(&self, entry: &Entry) -> Result<Option<String>, Error> {
        let shown = shown(&entry.path);
        if entry.pax_sparse {
            let found = format!("{shown}, a PAX sparse file");
            return self.refuse("unsupported member", "regular files", found);
        }
        let name = entry.path.strip_prefix(b"./").unwrap_or(&entry.path);
        match entry.kind {
            EntryType::Directory if name.is_empty() || name == b"." => return Ok(None),
            EntryType::Regular | EntryType::GNUSparse => {}
            other => {
                let found = format!("{shown}, {}", kind_name(other));
                return self.refuse("unsupported member", "regular files", found);
            }
        }
        let plain = !name.is_empty() && !name.contains(&b'/') && !name.iter().any(u8::is_ascii_control);
        match std::str::from_utf8(name) {
            Ok(name) if plain && name.ends_with(".vhd") && name.len() <= LONGEST_NAME => {
                Ok(Some(name.to_owned()))
            }
            _ => self.refuse("unexpected member", "VHD files without directories", shown),
        }
    }

    fn drain_zeros(&self, rest: &mut dyn Read) -> Result<(), Error> {
        let (mut buffer, mut seen) = ([0; 8192], 0);
        loop {
            let n = rest.read(&mut buffer).map_err(self.broken())?;
            seen += n as u64;
            if buffer[..n].iter().any(|b| *b != 0) || seen > MAX_PADDING {
                return self.refuse("trailing bytes", "the end of the stream", "more bytes behind the image");
            }
            if n == 0 {
                return Ok(());
            }
        }
    }
}

/// A name as it is shown: the beginning of one that is longer than any file system takes.
fn shown(path: &[u8]) -> String {
    match path.get(..LONGEST_NAME) {
        Some(start) if path.len() > LONGEST_NAME => {
            format!("\"{}\"… ({} bytes)", start.escape_ascii(), path.len())
        }
        _ => format!("\"{}\"", path.escape_ascii()),
    }
}

fn kind_name(kind: EntryType) -> String {
    let name = match kind {
        EntryType::Link => "a hard link",
        EntryType::Symlink => "a symbolic link",
        EntryType::Char => "a character device",
        EntryType::Block => "a block device",
        EntryType::Directory => "a directory",
        EntryType::Fifo => "a pipe",
        other => return format!("an entry of type {:?}", char::from(other.as_byte())),
    };
    name.to_owned()
}

/// Whether `first` starts with a tar header: the sum of its bytes, its own field counted as blanks, is in it.
fn is_tar_header(first: &[u8]) -> bool {
    let Some(block) = first.get(..512) else { return false };
    let digits = String::from_utf8_lossy(&block[148..156]);
    let stored = u32::from_str_radix(digits.trim_matches([' ', '\0']), 8);
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    let field: u32 = block[148..156].iter().map(|b| u32::from(*b)).sum();
    stored == Ok(sum - field + 8 * u32::from(b' '))
}
