//! An image as `vhd-util` opens it: by as little as will do.
//!
//! People point this tool at broken images to learn what is wrong with them, so looking asks for less than the engine's
//! [`Image`](crate::vhd::Image) does: a footer that can be believed and a header that belongs to it. Everything behind
//! those is read when it is asked for, and fails by itself. What writes goes through the engine.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zerocopy::FromBytes;

use super::errno::Errno;
use crate::vhd::{
    Bat, Batmap, BlockIndex, DiskType, FileSector, Footer, Header, PlatformCode, SECTOR_SIZE, Storage,
};

/// Newest batmap that is understood.
const BATMAP_VERSION: u32 = 0x0001_0002;
/// What a header's unused data offset holds.
const NO_OFFSET: u64 = u64::MAX;

/// How to open an image.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Opening {
    /// For writing as well.
    pub(crate) write: bool,
    /// By the footer at offset 0, and without looking at who made it: what a scan of many images does.
    pub(crate) fast: bool,
    /// By the footer at offset 0 only.
    pub(crate) by_copy: bool,
    /// Even though a journaled resize is under way.
    pub(crate) disabled: bool,
}

/// An open image.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
    pub(crate) footer: Footer,
    /// The dynamic header; `None` for everything that is not dynamic or differencing.
    pub(crate) header: Option<Header>,
}

/// Opens a regular file or block device; anything else would block or cannot hold an image.
pub(crate) fn open_file(path: &Path, write: bool) -> Result<File, Errno> {
    const NONBLOCK: i32 = 0o4000;
    let file = OpenOptions::new().read(true).write(write).custom_flags(NONBLOCK).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(Errno::ISDIR);
    }
    if kind.is_file() || kind.is_block_device() { Ok(file) } else { Err(Errno::INVAL) }
}

/// Longest file of the file systems that images live on: no seek goes further.
const LONGEST_FILE: u64 = 16 << 40;

/// Whether `size` bytes at `offset` of a file of `len` bytes can be read, in the order in which a direct read finds out
/// that they cannot: too far for any file, behind the end, not on a sector, partly behind the end.
fn reach(len: u64, offset: u64, size: u64) -> Result<(), Errno> {
    if offset > LONGEST_FILE {
        return Err(Errno::INVAL);
    }
    if offset >= len {
        return Err(Errno::PIPE);
    }
    if !offset.is_multiple_of(SECTOR_SIZE) {
        return Err(Errno::INVAL);
    }
    if offset.saturating_add(size) > len { Err(Errno::PIPE) } else { Ok(()) }
}

/// Whether no seek goes as far as `offset`.
pub(crate) fn is_too_far(offset: u64) -> bool {
    offset > LONGEST_FILE
}

/// Reads all of `buf` at `offset`, on a sector, as blktap's direct reads ask for.
pub(crate) fn read(file: &File, buf: &mut [u8], offset: u64) -> Result<(), Errno> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(Errno::ISDIR);
    }
    reach(file.len()?, offset, buf.len() as u64)?;
    let n = Storage::read_at(file, buf, offset)?;
    if n == buf.len() { Ok(()) } else { Err(Errno::PIPE) }
}

/// The 512 bytes at `offset`, taken for a footer.
pub(crate) fn footer_at(file: &File, offset: u64) -> Result<Footer, Errno> {
    let mut bytes = [0; 512];
    read(file, &mut bytes, offset)?;
    Footer::read_from_bytes(&bytes).map_err(|_| Errno::INVAL)
}

/// The 511 bytes at the end that early versions of Virtual PC wrote.
pub(crate) fn short_footer(file: &File, len: u64) -> Result<Footer, Errno> {
    let offset = len.checked_sub(SECTOR_SIZE - 1).ok_or(Errno::INVAL)?;
    let mut bytes = [0; 512];
    read(file, &mut bytes[..511], offset)?;
    Footer::read_from_bytes(&bytes).map_err(|_| Errno::INVAL)
}

/// The 1024 bytes at `offset`, taken for a header.
pub(crate) fn header_at(file: &File, offset: u64) -> Result<Header, Errno> {
    let mut bytes = [0; 1024];
    read(file, &mut bytes, offset)?;
    Header::read_from_bytes(&bytes).map_err(|_| Errno::INVAL)
}

/// Whether a footer can be believed.
pub(crate) fn believable(footer: &Footer) -> bool {
    (footer.cookie == *b"conectix" || footer.is_disabled()) && footer.checksum_holds()
}

/// Whether a header can be used: what every opening asks for.
fn usable(header: &Header) -> bool {
    let block = header.block_size.get();
    header.cookie == *b"cxsparse"
        && header.version.get() == 0x0001_0000
        && header.data_offset.get() == NO_OFFSET
        && block.is_power_of_two()
        && (512..=2 << 20).contains(&block)
        && header.locators.iter().all(|l| PlatformCode::of(l.code.get()).is_some())
        && header.checksum.get() == header.computed_checksum()
}

impl Disk {
    /// Opens the image at `path`.
    pub(crate) fn open(path: &Path, how: Opening) -> Result<Self, Errno> {
        let file = open_file(path, how.write)?;
        let len = file.len()?;
        let footer = if how.fast || how.by_copy {
            footer_at(&file, 0).and_then(|f| if believable(&f) { Ok(f) } else { Err(Errno::INVAL) })?
        } else {
            best_footer(&file, len)?
        };
        if footer.is_disabled() && !how.disabled {
            return Err(Errno::INVAL);
        }
        let mut disk = Self { file, path: path.to_owned(), len, footer, header: None };
        if disk.is_sparse() {
            // A fast opening reads footer and header at once, where they are neighbours.
            let in_first_read = how.fast && disk.footer.data_offset.get() == SECTOR_SIZE;
            let header = header_at(&disk.file, disk.footer.data_offset.get());
            let header = header.map_err(|e| if in_first_read && e == Errno::PIPE { Errno::IO } else { e })?;
            if !usable(&header) || (!how.fast && disk.footer.tap_version() == Some(1)) {
                return Err(Errno::INVAL);
            }
            disk.header = Some(header);
        }
        Ok(disk)
    }

    /// The kind of disk; `None` for a number that means nothing.
    pub(crate) fn kind(&self) -> Option<DiskType> {
        DiskType::of(&self.footer)
    }

    /// Whether there is a header with blocks behind it.
    pub(crate) fn is_sparse(&self) -> bool {
        matches!(self.kind(), Some(DiskType::Dynamic | DiskType::Differencing))
    }

    /// Whether the image has a parent.
    pub(crate) fn is_child(&self) -> bool {
        self.kind() == Some(DiskType::Differencing)
    }

    /// Whether the parent is a raw file: its uuid is null.
    pub(crate) fn has_raw_parent(&self) -> bool {
        self.header.as_ref().is_some_and(|h| h.parent_uuid == [0; 16])
    }

    /// Size of the virtual disk, bytes.
    pub(crate) fn size(&self) -> u64 {
        self.footer.current_size.get()
    }

    /// The hidden byte, signed, as it is shown.
    pub(crate) fn hidden(&self) -> i8 {
        self.footer.hidden.cast_signed()
    }

    /// What identifies the file, whatever it is called.
    pub(crate) fn identity(&self) -> Result<(u64, u64), Errno> {
        let metadata = self.file.metadata()?;
        Ok((metadata.dev(), metadata.ino()))
    }

    /// The header, or that there is none.
    pub(crate) fn header(&self) -> Result<&Header, Errno> {
        self.header.as_ref().ok_or(Errno::INVAL)
    }

    /// Sectors in a block; 1 where there are no blocks.
    pub(crate) fn sectors_per_block(&self) -> u64 {
        self.header.as_ref().map_or(1, |h| u64::from(h.block_size.get()) / SECTOR_SIZE)
    }

    /// Bytes of a block's bitmap.
    pub(crate) fn bitmap_size(&self) -> u64 {
        self.sectors_per_block().div_ceil(8).next_multiple_of(SECTOR_SIZE)
    }

    /// Entries that the BAT has room for.
    pub(crate) fn max_blocks(&self) -> u64 {
        self.header.as_ref().map_or(0, |h| u64::from(h.max_bat_entries.get()))
    }

    /// The BAT: there is one, it has an entry for each block of the disk, and it lies in the file.
    pub(crate) fn bat(&self) -> Result<Bat, Errno> {
        let header = self.header()?;
        let blocks = self.size().div_ceil(u64::from(header.block_size.get()));
        let table = header.table_offset.get();
        if blocks > self.max_blocks() {
            return Err(Errno::INVAL);
        }
        reach(self.len, table, (blocks * 4).next_multiple_of(SECTOR_SIZE))?;
        Ok(Bat::new(table, u32::try_from(blocks).map_err(|_| Errno::INVAL)?))
    }

    /// Calls `visit` for every allocated block.
    pub(crate) fn for_each_block(&self, mut visit: impl FnMut(BlockIndex, FileSector)) -> Result<(), Errno> {
        let each = |block, place| {
            visit(block, place);
            Ok(())
        };
        Ok(self.bat()?.for_each(&self.file, each)?)
    }

    /// How many blocks are allocated.
    pub(crate) fn allocated(&self) -> Result<u64, Errno> {
        let mut count = 0;
        self.for_each_block(|_, _| count += 1)?;
        Ok(count)
    }

    /// The head of the batmap as it is, sound or not; `None` where the image has none.
    pub(crate) fn batmap_head(&self) -> Result<Option<Batmap>, Errno> {
        let Some(header) = &self.header else { return Ok(None) };
        let blocks =
            u32::try_from(self.size().div_ceil(u64::from(header.block_size.get()))).unwrap_or(u32::MAX);
        let Some(batmap) = Batmap::read(&self.file, &self.footer, header, blocks)? else { return Ok(None) };
        reach(self.len, batmap.offset, SECTOR_SIZE)?;
        Ok(Some(batmap))
    }

    /// The batmap, with its head and checksum found right; `None` where the image has none.
    pub(crate) fn batmap(&self) -> Result<Option<Batmap>, Errno> {
        let Some(batmap) = self.batmap_head()? else { return Ok(None) };
        let head = &batmap.header;
        let sound = head.cookie == *b"tdbatmap"
            && head.version.get() <= BATMAP_VERSION
            && u64::from(head.sectors.get()) * SECTOR_SIZE >= batmap.summed();
        if !sound {
            return Err(Errno::INVAL);
        }
        reach(self.len, head.offset.get(), u64::from(head.sectors.get()) * SECTOR_SIZE)?;
        if batmap.checksum(&self.file)? == head.checksum.get() { Ok(Some(batmap)) } else { Err(Errno::INVAL) }
    }

    /// Byte offset behind all metadata in front of the blocks.
    pub(crate) fn metadata_end(&self) -> Result<u64, Errno> {
        let Some(header) = &self.header else { return Ok(0) };
        let table = (self.max_blocks() * 4).next_multiple_of(SECTOR_SIZE);
        let mut end = self.footer.data_offset.get().saturating_add(1024);
        end = end.max(header.table_offset.get().saturating_add(table));
        if let Some(batmap) = self.batmap()? {
            end = end.max(batmap.offset + SECTOR_SIZE).max(batmap.end());
        }
        let used = header.locators.iter().filter(|l| l.code.get() != 0);
        Ok(used.map(|l| l.data_offset.get().saturating_add(l.space())).fold(end, u64::max))
    }

    /// Byte offset behind metadata and blocks: where the footer belongs.
    pub(crate) fn data_end(&self) -> Result<u64, Errno> {
        if self.header.is_none() {
            return self.len.checked_sub(SECTOR_SIZE).ok_or(Errno::INVAL);
        }
        let mut end = self.metadata_end()?;
        let size = self.bitmap_size() + self.sectors_per_block() * SECTOR_SIZE;
        self.for_each_block(|_, place| end = end.max(place.offset() + size))?;
        Ok(end)
    }

    /// The bitmap of the block at `place`.
    pub(crate) fn bitmap(&self, place: FileSector) -> Result<Vec<u8>, Errno> {
        let mut bytes = vec![0; usize::try_from(self.bitmap_size()).unwrap_or(0)];
        read(&self.file, &mut bytes, place.offset())?;
        Ok(bytes)
    }
}

/// The footer at the end, the short one, or the copy: the first that can be believed. Only "that is none" leads on to
/// the next; a failing disk does not.
fn best_footer(file: &File, len: u64) -> Result<Footer, Errno> {
    let primary = len.checked_sub(SECTOR_SIZE).ok_or(Errno::INVAL).and_then(|at| footer_at(file, at));
    let mut footer = match (believed(primary)?, len % SECTOR_SIZE) {
        (Some(footer), _) => Some(footer),
        (None, 511) => believed(short_footer(file, len))?,
        _ => None,
    };
    let copy = footer_at(file, 0);
    if let Some(footer) = &mut footer {
        // These versions of blktap flipped the flag in the copy only.
        if let (Some(1 | 0x0001_0001), Ok(copy)) = (footer.tap_version(), &copy)
            && believable(copy)
        {
            footer.hidden = copy.hidden;
        }
    }
    match footer {
        Some(footer) => Ok(footer),
        None => believed(copy)?.ok_or(Errno::INVAL),
    }
}

/// The footer if it can be believed, `None` if it cannot.
fn believed(footer: Result<Footer, Errno>) -> Result<Option<Footer>, Errno> {
    match footer {
        Ok(footer) => Ok(believable(&footer).then_some(footer)),
        Err(Errno::INVAL) => Ok(None),
        Err(error) => Err(error),
    }
}
