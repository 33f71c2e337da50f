//! One open image: its footer, its header and the way to its blocks.

use std::ops::Range;

use uuid::Uuid;
use zerocopy::IntoBytes;

use super::bat::Bat;
use super::batmap::Batmap;
use super::bitmap::Bitmap;
use super::error::Error;
use super::finding::{Finding, Part, Rule};
use super::footer::{self, DiskType, FooterSource};
use super::format::{Footer, Header, POISON_COOKIE};
use super::header;
use super::locator::{self, LocatorText, PlatformCode};
use super::storage::Storage;
use super::units::{BlockIndex, FileSector, SECTOR_SIZE, padded};

/// What dynamic and differencing images have beyond a footer.
#[derive(Debug)]
pub(crate) struct Sparse {
    pub(crate) header: Header,
    pub(crate) header_offset: u64,
    pub(crate) bat: Bat,
    pub(crate) batmap: Option<Batmap>,
    /// The bitmap that was read last.
    pub(crate) bitmap: Option<(BlockIndex, Bitmap)>,
}

impl Sparse {
    pub(crate) fn block_size(&self) -> u64 {
        u64::from(self.header.block_size.get())
    }

    pub(crate) fn sectors_per_block(&self) -> u64 {
        self.block_size() / SECTOR_SIZE
    }

    /// Bytes of a block's bitmap: whole sectors.
    pub(crate) fn bitmap_size(&self) -> u64 {
        padded(self.sectors_per_block().div_ceil(8))
    }
}

/// A VHD image on some [`Storage`].
///
/// Opening asks for what it takes to find the blocks, and for no more: a footer that can be believed, the header it
/// points to, a BAT inside the file. [`super::check()`] asks for everything else.
#[derive(Debug)]
pub struct Image<S> {
    pub(crate) storage: S,
    pub(crate) footer: Footer,
    pub(crate) source: FooterSource,
    pub(crate) kind: DiskType,
    pub(crate) sparse: Option<Sparse>,
    /// Of a fixed disk: the run of data in the file that was found last.
    pub(crate) data: Range<u64>,
}

impl<S: Storage> Image<S> {
    /// Opens an image by the footer at its end or, when that is damaged, by the copy at its start; see
    /// [`Self::footer_source`].
    ///
    /// # Errors
    /// Neither footer nor header can be believed, the kind of disk is unknown, or reading failed. When both footers
    /// are bad, the error is about the one at the end.
    pub fn open(storage: S) -> Result<Self, Error> {
        let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
        let (primary, offset) = footer::read_primary(&storage, len)?;
        let (footer, source) = match footer::readable(&primary, Part::Footer, offset) {
            Ok(()) => (primary, FooterSource::Primary(offset)),
            Err(finding) => {
                let copy = footer::read_copy(&storage, len)?;
                footer::readable(&copy, Part::FooterCopy, 0).map_err(|_| finding)?;
                (copy, FooterSource::Copy)
            }
        };
        Self::with_footer(storage, footer, source, len)
    }

    /// Opens an image by the copy of its footer at offset 0, as one does while it is in use.
    ///
    /// # Errors
    /// As [`Self::open`]; fixed disks have no copy.
    pub fn open_by_copy(storage: S) -> Result<Self, Error> {
        let len = storage.len().map_err(Error::io("finding the file's length", 0))?;
        let copy = footer::read_copy(&storage, len)?;
        footer::readable(&copy, Part::FooterCopy, 0)?;
        Self::with_footer(storage, copy, FooterSource::Copy, len)
    }

    fn with_footer(storage: S, footer: Footer, source: FooterSource, len: u64) -> Result<Self, Error> {
        let at = match source {
            FooterSource::Primary(offset) => offset,
            FooterSource::Copy => 0,
        };
        if footer.cookie == POISON_COOKIE {
            let cookies = ("\"conectix\"", "\"v_poison\"");
            return Err(Finding::new(Part::Footer, Rule::Disabled, at, cookies.0, cookies.1).into());
        }
        let Some(kind) = DiskType::of(&footer) else {
            let found = footer.disk_type.get();
            return Err(Finding::new(Part::Footer, Rule::DiskType, at + 60, "2, 3 or 4", found).into());
        };
        let sparse = match kind {
            DiskType::Fixed => None,
            _ => Some(open_sparse(&storage, &footer, len)?),
        };
        Ok(Self { storage, footer, source, kind, sparse, data: 0..0 })
    }

    /// The footer the image was opened by.
    #[must_use]
    pub fn footer(&self) -> &Footer {
        &self.footer
    }

    /// The header; `None` for a fixed disk.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.sparse.as_ref().map(|s| &s.header)
    }

    /// The batmap; only blktap writes one.
    #[must_use]
    pub fn batmap(&self) -> Option<&Batmap> {
        self.sparse.as_ref().and_then(|s| s.batmap.as_ref())
    }

    /// Which footer the image was opened by.
    #[must_use]
    pub fn footer_source(&self) -> FooterSource {
        self.source
    }

    /// The kind of disk.
    #[must_use]
    pub fn kind(&self) -> DiskType {
        self.kind
    }

    /// Size of the virtual disk, bytes.
    #[must_use]
    pub fn virtual_size(&self) -> u64 {
        self.footer.current_size.get()
    }

    /// Identity of the image, from its footer.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        Uuid::from_bytes(self.footer.uuid)
    }

    /// Footer uuid of the parent; `None` for an image that has none.
    #[must_use]
    pub fn parent_uuid(&self) -> Option<Uuid> {
        let header = self.header().filter(|_| self.kind == DiskType::Differencing)?;
        Some(Uuid::from_bytes(header.parent_uuid))
    }

    /// Whether the hidden flag is set: an inner node of a chain.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.footer.hidden != 0
    }

    /// The storage the image lives on.
    #[must_use]
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// Gives the storage back.
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }

    /// Number of allocated blocks; for a fixed disk, 0.
    ///
    /// # Errors
    /// The BAT cannot be read.
    pub fn allocated_blocks(&self) -> Result<u64, Error> {
        let mut count = 0;
        if let Some(sparse) = &self.sparse {
            sparse.bat.for_each(&self.storage, |_, _| {
                count += 1;
                Ok(())
            })?;
        }
        Ok(count)
    }

    /// What the parent locators say, for all slots in use.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn locators(&self) -> Result<Vec<LocatorText>, Error> {
        let mut texts = Vec::new();
        let slots = self.header().map(|h| h.locators).unwrap_or_default();
        for (slot, locator) in (0u8..).zip(&slots).filter(|(_, l)| l.code.get() != 0) {
            let platform = PlatformCode::of(locator.code.get())
                .map_or_else(|| format!("{:#010x}", locator.code), |c| c.to_string());
            texts.push(LocatorText { slot, platform, path: locator::read(&self.storage, locator)? });
        }
        Ok(texts)
    }

    /// Byte offset of the first byte behind header, BAT and batmap.
    pub(crate) fn fixed_metadata_end(&self) -> u64 {
        let Some(sparse) = &self.sparse else { return 0 };
        let header = &sparse.header;
        let table = header.table_offset.get().saturating_add(header::table_size(header));
        let end = (sparse.header_offset + header::HEADER_SIZE).max(table);
        sparse.batmap.as_ref().map_or(end, |b| end.max(b.offset.saturating_add(SECTOR_SIZE)).max(b.end()))
    }

    /// Byte offset of the first byte behind all metadata: header, BAT, batmap and the texts of the parent locators.
    pub(crate) fn metadata_end(&self) -> u64 {
        let locators = self.header().map(|h| h.locators).unwrap_or_default();
        let used = locators.iter().filter(|l| l.code.get() != 0);
        let ends = used.map(|l| l.data_offset.get().saturating_add(l.space()));
        ends.fold(self.fixed_metadata_end(), u64::max)
    }

    /// Where the footer would belong if no block were allocated.
    pub(crate) fn data_end_at_least(&self) -> u64 {
        if self.sparse.is_some() { self.metadata_end() } else { self.virtual_size() }
    }

    /// Byte offset of the first byte behind metadata and blocks: where the footer belongs.
    ///
    /// # Errors
    /// The BAT cannot be read.
    pub fn data_end(&self) -> Result<u64, Error> {
        let end = self.data_end_at_least();
        let Some(sparse) = &self.sparse else { return Ok(end) };
        let size = sparse.bitmap_size() + sparse.block_size();
        Ok(sparse.bat.last(&self.storage)?.map_or(end, |last| end.max(last.offset() + size)))
    }

    /// Byte offset of the first byte behind metadata, blocks, and, of the block that lies last in the file, the last sector that
    /// its bitmap says is there. While an image is in use its file may end there. `None` for a fixed disk.
    ///
    /// # Errors
    /// BAT or bitmap cannot be read.
    pub(crate) fn written_end(&self) -> Result<Option<u64>, Error> {
        let Some(sparse) = &self.sparse else { return Ok(None) };
        let end = self.data_end_at_least();
        let Some(last) = sparse.bat.last(&self.storage)? else { return Ok(Some(end)) };
        let mut bitmap = Bitmap(vec![0; usize::try_from(sparse.bitmap_size()).unwrap_or(0)]);
        let read = self.storage.read_at(&mut bitmap.0, last.offset());
        read.map_err(Error::io("reading a block's bitmap", last.offset()))?;
        let sectors = bitmap.last().map_or(0, |sector| sector + 1) * SECTOR_SIZE;
        Ok(Some(end.max(last.offset() + sparse.bitmap_size() + sectors)))
    }

    /// As [`Self::data_end`], of a file that holds all of that.
    pub(crate) fn whole_data_end(&self) -> Result<u64, Error> {
        let end = self.data_end()?;
        let len = self.storage.len().map_err(Error::io("finding the file's length", 0))?;
        if end > len {
            let expected = format!("at least {} bytes", end.saturating_add(SECTOR_SIZE));
            return Err(Finding::new(Part::File, Rule::BlockPastEnd, len, expected, len).into());
        }
        Ok(end)
    }

    /// Where the bitmap of `block` lies; `None` when the block is not allocated.
    ///
    /// # Errors
    /// The BAT cannot be read.
    pub fn block(&mut self, block: BlockIndex) -> Result<Option<FileSector>, Error> {
        match &mut self.sparse {
            Some(sparse) => sparse.bat.entry(&self.storage, block),
            None => Ok(None),
        }
    }

    /// Writes the footer to both its places: first behind the data, cutting what follows, then to offset 0. At every
    /// moment one of the two is whole.
    ///
    /// Refuses a file that is shorter than its BAT claims: extending it would pass off lost data as zeros.
    pub(crate) fn write_footers(&mut self) -> Result<(), Error> {
        self.footer.seal();
        let end = self.whole_data_end()?;
        let len = self.storage.len().map_err(Error::io("finding the file's length", 0))?;
        let end = self.footer_place(end, len)?;
        let bytes = self.footer.as_bytes();
        self.storage.write_at(bytes, end).map_err(Error::io("writing the footer", end))?;
        self.cut(end + SECTOR_SIZE)?;
        if self.sparse.is_some() {
            self.storage.write_at(bytes, 0).map_err(Error::io("writing the footer copy", 0))?;
        }
        self.source = FooterSource::Primary(end);
        Ok(())
    }

    /// Where the footer belongs when the data ends at `end`: right there in a file, in the last sector of a device.
    pub(crate) fn footer_place(&self, end: u64, len: u64) -> Result<u64, Error> {
        let device = self.storage.is_fixed_length().map_err(Error::io("examining the file", 0))?;
        if !device {
            return Ok(end);
        }
        len.checked_sub(SECTOR_SIZE).filter(|last| *last >= end).ok_or_else(|| {
            Error::Refused(format!("{end} bytes of data and a footer do not fit a device of {len} bytes"))
        })
    }

    /// Cuts the file to `len` bytes; it is at least that long.
    pub(crate) fn cut(&self, len: u64) -> Result<(), Error> {
        self.storage.set_len(len).map_err(Error::io("cutting the file", len))
    }

    /// Makes all that was written durable.
    ///
    /// # Errors
    /// The system says that it could not.
    pub fn sync(&self) -> Result<(), Error> {
        self.storage.sync().map_err(Error::io("syncing the file", 0))
    }
}

fn open_sparse<S: Storage>(storage: &S, footer: &Footer, len: u64) -> Result<Sparse, Error> {
    let header_offset = footer.data_offset.get();
    let size = footer.current_size.get();
    let header = header::read(storage, header_offset, len)?;
    header::readable(&header, header_offset, len, size)?;
    // `readable` made sure that the blocks do not outnumber the entries, and those are a u32.
    let blocks = u32::try_from(size.div_ceil(u64::from(header.block_size.get()))).unwrap_or(u32::MAX);
    let bat = Bat::new(header.table_offset.get(), blocks);
    let batmap = Batmap::read(storage, footer, &header, blocks)?;
    Ok(Sparse { header, header_offset, bat, batmap, bitmap: None })
}
