//! blktap's batmap: one bit per block that says that every sector of the block is present in this file.
//!
//! It is only a cache of the bitmaps, and reading trusts the bitmaps. It has to be right all the same: blktap copies a
//! block that is marked here as a whole.

use std::fmt;

use zerocopy::{FromBytes, IntoBytes};

use super::bitmap::Bitmap;
use super::error::Error;
use super::finding::{Finding, Findings, Part, Rule};
use super::format::{BATMAP_COOKIE, BatmapHeader, Footer, Header};
use super::header::table_size;
use super::storage::Storage;
use super::units::{BlockIndex, SECTOR_SIZE, padded};

/// The batmap version that blktap writes.
pub(crate) const VERSION: u32 = 0x0001_0002;
/// The version whose checksum adds signed bytes.
const VERSION_SIGNED: u32 = 0x0001_0001;
/// Bytes of the map that are looked at together.
const CHUNK: u64 = 64 * 1024;

/// Place and head of an image's batmap.
#[derive(Debug, Clone)]
pub struct Batmap {
    /// The head as stored.
    pub header: BatmapHeader,
    /// Byte offset of the head.
    pub offset: u64,
    blocks: u32,
    size: u64,
}

impl Batmap {
    /// The batmap of an image of blktap's; `None` for everybody else's, who write none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn read<S: Storage>(
        storage: &S,
        footer: &Footer,
        header: &Header,
        blocks: u32,
    ) -> Result<Option<Self>, Error> {
        let always = match footer.tap_version() {
            None | Some(0..=1) => return Ok(None),
            Some(version) => version > 0x0001_0001,
        };
        let offset = header.table_offset.get().saturating_add(table_size(header));
        let mut bytes = [0; 512];
        storage.read_at(&mut bytes, offset).map_err(Error::io("reading the batmap", offset))?;
        let batmap = BatmapHeader::read_from_bytes(&bytes);
        let batmap = batmap.map_err(|_| Error::Refused("a batmap header has 512 bytes".into()))?;
        let there = always || batmap.cookie == BATMAP_COOKIE;
        Ok(there.then_some(Self { header: batmap, offset, blocks, size: footer.current_size.get() }))
    }

    /// Byte offset of the first byte behind the map.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.header.offset.get().saturating_add(u64::from(self.header.sectors.get()) * SECTOR_SIZE)
    }

    /// Bytes of the map that its checksum covers.
    pub(crate) fn summed(&self) -> u64 {
        padded(self.size >> 24).max(SECTOR_SIZE)
    }

    /// Bytes of the map that anybody looks at.
    pub(crate) fn checked_bytes(&self) -> u64 {
        self.summed().max(self.used())
    }

    /// Bytes of the map in which the disk's blocks have bits.
    fn used(&self) -> u64 {
        u64::from(self.blocks).div_ceil(8)
    }

    fn map_bytes<S: Storage>(&self, storage: &S, from: u64, count: u64) -> Result<Vec<u8>, Error> {
        let offset = self.header.offset.get().saturating_add(from);
        let mut bytes = vec![0; usize::try_from(count).unwrap_or(0)];
        storage.read_at(&mut bytes, offset).map_err(Error::io("reading the batmap", offset))?;
        Ok(bytes)
    }

    /// The checksum that the map calls for.
    pub(crate) fn checksum<S: Storage>(&self, storage: &S) -> Result<u32, Error> {
        let signed = self.header.version.get() == VERSION_SIGNED;
        let (mut sum, mut at) = (0u32, 0);
        while at < self.summed() {
            let bytes = self.map_bytes(storage, at, CHUNK.min(self.summed() - at))?;
            for byte in bytes {
                sum = sum.wrapping_add(u32::from(byte));
                if signed && byte >= 0x80 {
                    sum = sum.wrapping_sub(0x100);
                }
            }
            at += CHUNK;
        }
        Ok(!sum)
    }

    /// Calls `visit` with every block that is marked full.
    pub(crate) fn for_each_full<S: Storage>(
        &self,
        storage: &S,
        mut visit: impl FnMut(BlockIndex) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut at = 0;
        while at < self.used() {
            let bits = Bitmap(self.map_bytes(storage, at, CHUNK.min(self.used() - at))?);
            let first = u32::try_from(at * 8).unwrap_or(u32::MAX);
            let end = self.blocks.min(first.saturating_add(8 * 64 * 1024));
            let mut block = first;
            while block < end {
                let bit = u64::from(block - first);
                if bits.get(bit) {
                    visit(BlockIndex(block))?;
                    block += 1;
                } else {
                    let run = bits.run(bit, u64::from(end - block));
                    block += u32::try_from(run).unwrap_or(u32::MAX);
                }
            }
            at += CHUNK;
        }
        Ok(())
    }

    /// Every rule that head and map break, in a file whose data ends at `limit`.
    pub(crate) fn judge<S: Storage>(&self, storage: &S, limit: u64, out: &mut Findings) -> Result<(), Error> {
        let offset = self.offset;
        let mut rule = |holds: bool, rule, at: u64, expected: &dyn fmt::Display, found: &dyn fmt::Display| {
            out.require(holds, || Finding::new(Part::Batmap, rule, offset + at, expected, found));
            holds
        };
        let head = &self.header;
        let cookie = head.cookie.escape_ascii().to_string();
        if !rule(head.cookie == BATMAP_COOKIE, Rule::Cookie, 0, &"tdbatmap", &cookie) {
            return Ok(());
        }
        let (place, version) = (head.offset.get(), head.version.get());
        let known = version == VERSION || version == VERSION_SIGNED;
        rule(known, Rule::Version, 20, &format_args!("{VERSION:#010x}"), &format_args!("{version:#010x}"));
        let inside = place > offset && place.is_multiple_of(SECTOR_SIZE) && self.end() <= limit;
        let expected = format!("a map of {} bytes behind byte {offset}, before {limit}", self.used());
        let found = format!("{} sectors at byte {place}", head.sectors);
        let large = u64::from(head.sectors.get()) * SECTOR_SIZE >= self.used();
        if !rule(inside && large, Rule::BatmapPlace, 8, &expected, &found) {
            return Ok(());
        }
        let (sum, stored) = (self.checksum(storage)?, head.checksum.get());
        rule(
            sum == stored,
            Rule::Checksum,
            24,
            &format_args!("{sum:#010x}"),
            &format_args!("{stored:#010x}"),
        );
        Ok(())
    }

    /// Writes a whole map, and its checksum.
    pub(crate) fn replace<S: Storage>(&mut self, storage: &S, map: &[u8]) -> Result<(), Error> {
        let offset = self.header.offset.get();
        storage.write_at(map, offset).map_err(Error::io("writing the batmap", offset))?;
        self.seal(storage)
    }

    /// Takes note that the disk has `size` bytes now, in `blocks` blocks; the map stays where it is. The bits of blocks
    /// that are new are clear.
    pub(crate) fn resize<S: Storage>(&mut self, storage: &S, size: u64, blocks: u32) -> Result<(), Error> {
        (self.size, self.blocks) = (size, blocks);
        self.seal(storage)
    }

    /// Moves head and map to `offset`, for a disk of `size` bytes in `blocks` blocks.
    pub(crate) fn relocate<S: Storage>(
        &mut self,
        storage: &S,
        offset: u64,
        size: u64,
        blocks: u32,
    ) -> Result<(), Error> {
        let sectors = padded(u64::from(blocks).div_ceil(8)).max(SECTOR_SIZE) / SECTOR_SIZE;
        let mut map = self.map_bytes(storage, 0, self.used())?;
        map.resize(usize::try_from(sectors * SECTOR_SIZE).unwrap_or(usize::MAX), 0);
        (self.size, self.blocks, self.offset) = (size, blocks, offset);
        self.header.offset = (offset + SECTOR_SIZE).into();
        self.header.sectors = u32::try_from(sectors).unwrap_or(u32::MAX).into();
        let at = offset + SECTOR_SIZE;
        storage.write_at(&map, at).map_err(Error::io("writing the batmap", at))?;
        self.seal(storage)
    }

    /// Renews the checksum and writes the head.
    fn seal<S: Storage>(&mut self, storage: &S) -> Result<(), Error> {
        self.header.checksum = self.checksum(storage)?.into();
        let head = self.header.as_bytes();
        storage.write_at(head, self.offset).map_err(Error::io("writing the batmap", self.offset))
    }

    /// Marks `block` full and renews the checksum.
    pub(crate) fn mark<S: Storage>(&mut self, storage: &S, block: BlockIndex) -> Result<(), Error> {
        let byte = u64::from(block.0 / 8);
        let mut bits = self.map_bytes(storage, byte, 1)?;
        bits[0] |= 0x80 >> (block.0 % 8);
        let offset = self.header.offset.get().saturating_add(byte);
        storage.write_at(&bits, offset).map_err(Error::io("writing the batmap", offset))?;
        self.seal(storage)
    }
}
