//! Walking through a tar. The `tar` crate reads the fields; the walk is our own, because it is a stranger's archive: what is
//! kept in memory of names, extended headers and maps of holes is bounded as it comes, and a hole costs nothing.

use std::io::{self, Read};

use super::content::Content;
use tar::{EntryType, GnuExtSparseHeader, GnuSparseHeader, Header, PaxExtensions};

const BLOCK: u64 = 512;
/// Most bytes of headers in one archive: enough for the map of a file in 170000 pieces.
const MAX_HEADERS: u64 = 4 << 20;

/// An archive, and how many bytes of headers it may still have.
pub(super) struct Tarball<R> {
    inner: R,
    headers: u64,
}

/// What stands in front of a member.
pub(super) struct Entry {
    /// Its name as it came.
    pub(super) path: Vec<u8>,
    pub(super) kind: EntryType,
    /// Bytes that it claims, holes included.
    pub(super) size: u64,
    /// Bytes of it that are in the archive.
    pub(super) stored: u64,
    /// Whether it is a sparse file of the kind whose map is in its data.
    pub(super) pax_sparse: bool,
    /// Where its data belongs: offset and length, ascending.
    map: Vec<(u64, u64)>,
}

/// What comes next.
pub(super) enum Next {
    Entry(Entry),
    /// The end of the archive.
    End,
    /// The end of the stream, where an archive does not end.
    CutOff,
}

fn bad(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

impl<R: Read> Tarball<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, headers: MAX_HEADERS }
    }

    /// What is behind the archive.
    pub(super) fn into_inner(self) -> R {
        self.inner
    }

    /// The header of the next member, and all that belongs to it.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        let (mut name, mut pax) = (None, None);
        loop {
            let mut header = Header::new_old();
            if !self.block(header.as_mut_bytes())? {
                return Ok(Next::CutOff);
            }
            if header.as_bytes().iter().all(|byte| *byte == 0) {
                return if name.is_none() && pax.is_none() {
                    Ok(Next::End)
                } else {
                    Err(bad("a header for a member that does not come"))
                };
            }
            require_checksum(&header)?;
            let kind = header.entry_type();
            let place = match kind {
                EntryType::GNULongName => &mut name,
                EntryType::XHeader => &mut pax,
                // The target of a link, which is refused by what it is.
                EntryType::GNULongLink => {
                    self.extra(header.entry_size()?)?;
                    continue;
                }
                _ => return self.entry(&header, name, pax.as_deref()).map(Next::Entry),
            };
            if place.replace(self.extra(header.entry_size()?)?).is_some() {
                return Err(bad("two headers of a kind for the same member"));
            }
        }
    }

    fn entry(&mut self, header: &Header, name: Option<Vec<u8>>, pax: Option<&[u8]>) -> io::Result<Entry> {
        let (mut path, mut size, mut pax_sparse) =
            (header.path_bytes().into_owned(), header.entry_size()?, false);
        for record in PaxExtensions::new(pax.unwrap_or_default()) {
            let record = record?;
            match record.key_bytes() {
                b"path" => path = record.value_bytes().to_vec(),
                b"size" => {
                    let value = record.value().ok().and_then(|value| value.parse().ok());
                    size = value.ok_or_else(|| bad("a size that is no number"))?;
                }
                key => pax_sparse |= key.starts_with(b"GNU.sparse"),
            }
        }
        if let Some(mut name) = name {
            name.pop_if(|last| *last == 0);
            path = name;
        }
        let kind = header.entry_type();
        let map = if kind == EntryType::GNUSparse { self.map(header, size)? } else { vec![(0, size)] };
        let (stored, size) = (size, map.last().map_or(0, |(offset, length)| offset + length));
        Ok(Entry { path, kind, size, stored, pax_sparse, map })
    }

    /// The map of a sparse file of GNU tar, of which `stored` bytes are in the archive.
    fn map(&mut self, header: &Header, stored: u64) -> io::Result<Vec<(u64, u64)>> {
        let gnu = header.as_gnu().ok_or_else(|| bad("a sparse file without a map"))?;
        let (mut map, mut end, mut left) = (Vec::new(), 0, stored);
        let mut add = |piece: &GnuSparseHeader| {
            if piece.is_empty() {
                return Ok(());
            }
            let (offset, length) = (piece.offset()?, piece.length()?);
            let in_order = offset >= end && (length == 0 || (stored - left).is_multiple_of(BLOCK));
            let (after, rest) = (offset.checked_add(length), left.checked_sub(length));
            let (true, Some(after), Some(rest)) = (in_order, after, rest) else {
                return Err(bad("a map of a sparse file that is out of order, or of more than there is"));
            };
            map.push((offset, length));
            (end, left) = (after, rest);
            Ok(())
        };
        gnu.sparse.iter().try_for_each(&mut add)?;
        let mut extended = gnu.is_extended();
        while extended {
            let mut more = GnuExtSparseHeader::new();
            if !self.block(more.as_mut_bytes())? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            more.sparse.iter().try_for_each(&mut add)?;
            extended = more.is_extended();
        }
        if left > 0 || end != gnu.real_size()? {
            return Err(bad("a map of a sparse file that does not fit its size"));
        }
        Ok(map)
    }

    /// The bytes of the member whose header was read last.
    pub(super) fn content<'a>(&'a mut self, entry: &'a Entry) -> MemberContent<'a, R> {
        MemberContent { inner: &mut self.inner, pieces: &entry.map, at: 0 }
    }

    /// The `length` bytes of a header's own data.
    fn extra(&mut self, length: u64) -> io::Result<Vec<u8>> {
        self.take_from_budget(length)?;
        let mut bytes = Vec::new();
        let read = (&mut self.inner).take(length).read_to_end(&mut bytes)?;
        if read as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pad(length)?;
        Ok(bytes)
    }

    /// Passes over what fills the last block of `stored` bytes.
    pub(super) fn pad(&mut self, stored: u64) -> io::Result<()> {
        let mut rest = [0; 512];
        let length = usize::try_from(stored.wrapping_neg() % BLOCK).unwrap_or_default();
        self.inner.read_exact(&mut rest[..length])
    }

    /// Reads a block; `false` where the stream ends in front of it.
    fn block(&mut self, block: &mut [u8; 512]) -> io::Result<bool> {
        self.take_from_budget(BLOCK)?;
        let mut read = 0;
        while read < block.len() {
            match self.inner.read(&mut block[read..]) {
                Ok(0) if read == 0 => return Ok(false),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => read += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn take_from_budget(&mut self, bytes: u64) -> io::Result<()> {
        let left = self.headers.checked_sub(bytes);
        self.headers = left.ok_or_else(|| bad(format!("more than {MAX_HEADERS} bytes of headers")))?;
        Ok(())
    }
}

fn require_checksum(header: &Header) -> io::Result<()> {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let bytes = header.as_bytes();
    let found = sum(&bytes[..148]) + 8 * u32::from(b' ') + sum(&bytes[156..]);
    if header.cksum()? == found { Ok(()) } else { Err(bad("a header whose checksum is wrong")) }
}

/// See [`Tarball::content`].
pub(super) struct MemberContent<'a, R> {
    inner: &'a mut R,
    /// Those that are not read to their end.
    pieces: &'a [(u64, u64)],
    /// Offset in the file.
    at: u64,
}

impl<R> MemberContent<'_, R> {
    /// Bytes of the hole that begins here.
    fn hole(&mut self) -> u64 {
        while let Some(((offset, length), rest)) = self.pieces.split_first() {
            if self.at < offset + length {
                return offset.saturating_sub(self.at);
            }
            self.pieces = rest;
        }
        0
    }
}

impl<R: Read> Read for MemberContent<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let fit = |length: u64| usize::try_from(length).unwrap_or(usize::MAX).min(buf.len());
        let hole = fit(self.hole());
        if hole > 0 {
            buf[..hole].fill(0);
            self.at += hole as u64;
            return Ok(hole);
        }
        let Some((offset, length)) = self.pieces.first() else { return Ok(0) };
        let wanted = fit(offset + length - self.at);
        let n = self.inner.read(&mut buf[..wanted])?;
        if n == 0 && wanted > 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the end of the stream inside of a member",
            ));
        }
        self.at += n as u64;
        Ok(n)
    }
}

impl<R: Read> Content for MemberContent<'_, R> {
    fn skip_hole(&mut self) -> io::Result<u64> {
        let hole = self.hole();
        self.at += hole;
        Ok(hole)
    }
}
