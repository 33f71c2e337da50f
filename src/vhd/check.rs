//! Checking one image: every rule that a sound file keeps, each broken one reported.
//!
//! Only metadata is read, each piece once: both footers, header, BAT, batmap, locators, and the bitmaps of the blocks
//! that the batmap calls full. Time is that of sorting the BAT, memory a few bytes per allocated block.

use super::attached::attached_end;
use super::bat::Bat;
use super::batmap::Batmap;
use super::bitmap::Bitmap;
use super::error::Error;
use super::finding::{Finding, Findings, Part, Rule};
use super::footer::{self, DiskType, FOOTER_SIZE};
use super::format::{Footer, Header, ParentLocator};
use super::header;
use super::image::Sparse;
use super::locator::{self, PlatformCode};
use super::parent::parent_name;
use super::storage::Storage;
use super::time::VhdTime;
use super::units::{BLOCK_SIZE, BlockIndex, FileSector, SECTOR_SIZE};

/// How much is asked of an image. Each scope asks for all that the one before it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Footers, header, blocks and batmap; not what it says of its parent. For an image that is about to be relinked.
    Body,
    /// The whole file by itself: what `vhd-util check` is asked for, and more.
    Whole,
    /// What a file needs in a storage repository: no fixed disk, 2 MiB blocks, locators that name a file beside it.
    Repository,
}

/// What a check found, and what it read on the way.
#[derive(Debug, Clone)]
pub struct Checkup {
    /// Every broken rule.
    pub findings: Findings,
    /// The footer that was believed; `None` when neither could be.
    pub footer: Option<Footer>,
    /// The header, if it could be read.
    pub header: Option<Header>,
    /// No footer at the end, as of an image that is attached to a guest, or was when its host died. Only
    /// [`check_in_place`] looks for that.
    pub attached: bool,
}

/// Checks the image on `storage` at the time `now`.
///
/// # Errors
/// Only when reading fails: whatever the bytes say is a finding.
pub fn check<S: Storage>(storage: &S, scope: Scope, now: VhdTime) -> Result<Checkup, Error> {
    run(Run { storage, scope, now, attached: None, out: Findings::default() })
}

/// Checks an image where it lives, in a storage repository, at the time `now`. That one that is attached has no footer at its
/// end, and perhaps not yet all of its last block, is no finding.
///
/// # Errors
/// Only when reading fails.
pub fn check_in_place<S: Storage>(storage: &S, now: VhdTime) -> Result<Checkup, Error> {
    let attached = attached_end(storage)?;
    run(Run { storage, scope: Scope::Repository, now, attached, out: Findings::default() })
}

fn run<S: Storage>(mut run: Run<'_, S>) -> Result<Checkup, Error> {
    let attached = run.attached.is_some();
    match run.file() {
        Ok((footer, header)) => Ok(Checkup { findings: run.out, footer, header, attached }),
        Err(Error::Invalid(finding)) => {
            run.out.push(finding);
            Ok(Checkup { findings: run.out, footer: None, header: None, attached })
        }
        Err(error) => Err(error),
    }
}

struct Run<'a, S> {
    storage: &'a S,
    scope: Scope,
    now: VhdTime,
    /// Where the footer will lie when an attached image is closed.
    attached: Option<u64>,
    out: Findings,
}

impl<S: Storage> Run<'_, S> {
    fn file(&mut self) -> Result<(Option<Footer>, Option<Header>), Error> {
        let len = self.storage.len().map_err(Error::io("finding the file's length", 0))?;
        if let Some(end) = self.attached {
            return self.attached(end, len);
        }
        let (primary, at) = footer::read_primary(self.storage, len)?;
        footer::judge(&primary, Part::Footer, at, self.now, &mut self.out);
        if self.scope != Scope::Whole {
            let (expected, found) = (format!("{FOOTER_SIZE} bytes"), format!("{}", len - at));
            self.out.require(len - at == FOOTER_SIZE, || {
                Finding::new(Part::Footer, Rule::ShortFooter, at, expected, found)
            });
        }
        let good = footer::readable(&primary, Part::Footer, at).is_ok();
        if good && DiskType::of(&primary) == Some(DiskType::Fixed) {
            self.fixed(&primary, at);
            return Ok((Some(primary), None));
        }
        let copy = footer::read_copy(self.storage, len)?;
        let copy_good = footer::readable(&copy, Part::FooterCopy, 0).is_ok();
        footer::judge(&copy, Part::FooterCopy, 0, self.now, &mut self.out);
        if let Some(field) = footer::first_difference(&primary, &copy).filter(|_| good && copy_good) {
            let (expected, found) = ("the copy's bytes", "other bytes");
            self.out.push(Finding::new(Part::Footer, Rule::FootersDiffer, at + field, expected, found));
        }
        let believed = if good { primary } else { copy };
        let kind = match DiskType::of(&believed).filter(|_| good || copy_good) {
            Some(kind @ (DiskType::Dynamic | DiskType::Differencing)) => kind,
            _ => return Ok(((good || copy_good).then_some(believed), None)),
        };
        // A footer of 511 bytes still ends where the file does.
        self.rest(believed, kind, at, len)
    }

    /// An image of which only the copy of the footer is there, and whose blocks end at `end`.
    fn attached(&mut self, end: u64, len: u64) -> Result<(Option<Footer>, Option<Header>), Error> {
        let copy = footer::read_copy(self.storage, len)?;
        footer::judge(&copy, Part::FooterCopy, 0, self.now, &mut self.out);
        match DiskType::of(&copy) {
            Some(kind @ (DiskType::Dynamic | DiskType::Differencing)) => self.rest(copy, kind, end, len),
            _ => Ok((Some(copy), None)),
        }
    }

    fn rest(
        &mut self,
        believed: Footer,
        kind: DiskType,
        limit: u64,
        len: u64,
    ) -> Result<(Option<Footer>, Option<Header>), Error> {
        match self.sparse(&believed, kind, limit, len) {
            Ok(header) => Ok((Some(believed), header)),
            Err(Error::Invalid(finding)) => {
                self.out.push(finding);
                Ok((Some(believed), None))
            }
            Err(error) => Err(error),
        }
    }

    fn fixed(&mut self, footer: &Footer, at: u64) {
        let size = footer.current_size.get();
        let (expected, found) = (format!("{size} bytes of data"), format!("{at} bytes"));
        self.out.require(size == at, || Finding::new(Part::File, Rule::FileSize, at, expected, found));
        if self.scope == Scope::Repository {
            let (expected, found) = ("a dynamic or differencing image", "a fixed one");
            self.out.push(Finding::new(Part::Footer, Rule::FixedDisk, at + 60, expected, found));
        }
    }

    fn sparse(
        &mut self,
        footer: &Footer,
        kind: DiskType,
        limit: u64,
        len: u64,
    ) -> Result<Option<Header>, Error> {
        let (at, size) = (footer.data_offset.get(), footer.current_size.get());
        let header = header::read(self.storage, at, len)?;
        let readable = header::readable(&header, at, len, size);
        if let Err(finding) = &readable {
            self.out.push(finding.clone());
            // Cookie and checksum make it a header; whatever else is wrong with it is worth saying too.
            if matches!(finding.rule, Rule::Cookie | Rule::Checksum) {
                return Ok(None);
            }
        }
        header::judge(&header, at, &mut self.out);
        if kind == DiskType::Dynamic || self.scope > Scope::Body {
            header::judge_parent(&header, at, kind, self.now, &mut self.out);
        }
        if kind == DiskType::Differencing && self.scope != Scope::Whole {
            self.out.require(header.parent_uuid != [0; 16], || {
                Finding::new(Part::Header, Rule::RawParent, at + 40, "the uuid of a VHD", "zeros")
            });
        }
        if readable.is_err() {
            return Ok(Some(header));
        }
        let block_size = header.block_size.get();
        if self.scope == Scope::Repository && block_size != BLOCK_SIZE {
            let finding = Finding::new(Part::Header, Rule::BlockSize, at + 32, BLOCK_SIZE, block_size);
            self.out.push(finding);
            return Ok(Some(header));
        }
        let blocks = u32::try_from(size.div_ceil(u64::from(block_size))).unwrap_or(u32::MAX);
        let bat = Bat::new(header.table_offset.get(), blocks);
        let table_end = header.table_offset.get().saturating_add(header::table_size(&header));
        if table_end > limit {
            let entries = header.max_bat_entries.get();
            let expected = format!("a BAT that ends before the footer at byte {limit}");
            let found = format!("one of {entries} entries, which ends at byte {table_end}");
            self.out.push(Finding::new(Part::Header, Rule::BatSize, at + 28, expected, found));
            return Ok(Some(header));
        }
        let batmap = Batmap::read(self.storage, footer, &header, blocks)?;
        let mut sparse = Sparse { header, header_offset: at, bat, batmap, bitmap: None };
        let metadata_end = self.metadata(&sparse, limit);
        self.blocks(&sparse, size, metadata_end, limit)?;
        self.batmap(&mut sparse, limit)?;
        if kind == DiskType::Differencing && self.scope > Scope::Body {
            self.locators(&sparse.header, at)?;
        }
        Ok(Some(sparse.header))
    }

    /// The structures in front of the blocks lie inside the file and apart from each other; returns where they end.
    fn metadata(&mut self, sparse: &Sparse, limit: u64) -> u64 {
        let header = &sparse.header;
        let (head, table) = (sparse.header_offset, header.table_offset.get());
        let mut pieces = vec![
            (0, FOOTER_SIZE, Part::FooterCopy),
            (head, head + header::HEADER_SIZE, Part::Header),
            (table, table.saturating_add(header::table_size(header)), Part::Bat),
        ];
        if let Some(batmap) = sparse.batmap.as_ref() {
            pieces.push((batmap.offset, batmap.offset.saturating_add(SECTOR_SIZE), Part::Batmap));
            pieces.push((batmap.header.offset.get(), batmap.end(), Part::Batmap));
        }
        // Locators of an image that will be relinked are judged by whoever writes them.
        if self.scope > Scope::Body {
            for (slot, locator) in (0u8..).zip(&header.locators).filter(|(_, l)| l.code.get() != 0) {
                let offset = locator.data_offset.get();
                pieces.push((offset, offset.saturating_add(locator.space()), Part::Locator(slot)));
            }
        }
        pieces.sort_by_key(|(start, ..)| *start);
        let mut end = 0;
        for (start, piece_end, part) in pieces {
            if start < end {
                let expected = format!("nothing before byte {end}, where another structure ends");
                self.out.push(Finding::new(part, Rule::MetadataOverlap, start, expected, start));
            }
            if piece_end > limit {
                let expected = format!("an end before the footer at byte {limit}");
                self.out.push(Finding::new(part, Rule::MetadataOverlap, start, expected, piece_end));
            }
            end = end.max(piece_end);
        }
        end
    }

    /// Blocks lie behind the metadata, before the footer, and apart from each other.
    fn blocks(&mut self, sparse: &Sparse, size: u64, metadata_end: u64, limit: u64) -> Result<(), Error> {
        let (bitmap, data) = (sparse.bitmap_size(), sparse.block_size());
        let most = usize::try_from(limit / (bitmap + data) + 1).unwrap_or(usize::MAX);
        let mut places: Vec<(FileSector, BlockIndex)> = Vec::new();
        let entry_at = |block: BlockIndex| sparse.header.table_offset.get() + u64::from(block.0) * 4;
        let out = &mut self.out;
        sparse.bat.for_each(self.storage, |block, place| {
            let start = place.offset();
            // The last block of the disk may be cut where the disk ends.
            let used = data.min((size - u64::from(block.0) * data).next_multiple_of(SECTOR_SIZE));
            let end = start + bitmap + used;
            let at = entry_at(block);
            if start < metadata_end {
                let expected =
                    format!("block {} behind the metadata, which ends at byte {metadata_end}", block.0);
                out.push(Finding::new(
                    Part::Bat,
                    Rule::BlockInMetadata,
                    at,
                    expected,
                    format!("byte {start}"),
                ));
            } else if end > limit {
                let expected = format!("block {} to end before the footer at byte {limit}", block.0);
                out.push(Finding::new(Part::Bat, Rule::BlockPastEnd, at, expected, format!("byte {end}")));
            } else if places.len() <= most {
                // More blocks than the file has room for overlap; that many are enough to show it.
                places.push((place, block));
            }
            Ok(())
        })?;
        places.sort_unstable();
        for pair in places.windows(2) {
            let [(first, a), (second, b)] = [pair[0], pair[1]];
            let end = first.offset() + bitmap + data;
            if second.offset() < end {
                let expected = format!("block {} behind block {}, which ends at byte {end}", b.0, a.0);
                let found = format!("byte {}", second.offset());
                self.out.push(Finding::new(Part::Bat, Rule::BlockOverlap, entry_at(b), expected, found));
            }
        }
        Ok(())
    }

    /// The batmap is well-formed, and marks only blocks of which every sector is present.
    fn batmap(&mut self, sparse: &mut Sparse, limit: u64) -> Result<(), Error> {
        let Some(batmap) = sparse.batmap.take() else { return Ok(()) };
        let before = self.out.list.len();
        batmap.judge(self.storage, limit, &mut self.out)?;
        if self.out.list.len() > before {
            return Ok(());
        }
        let (storage, out, bits) = (self.storage, &mut self.out, sparse.sectors_per_block());
        let mut bytes = vec![0; usize::try_from(sparse.bitmap_size()).unwrap_or(0)];
        let map_at = batmap.header.offset.get();
        batmap.for_each_full(storage, |block| {
            let at = map_at + u64::from(block.0 / 8);
            let Some(place) = sparse.bat.entry(storage, block)? else {
                let expected = format!("a clear bit for block {}", block.0);
                out.push(Finding::new(Part::Batmap, Rule::BatmapUnallocated, at, expected, "a set one"));
                return Ok(());
            };
            let read = storage.read_at(&mut bytes, place.offset());
            read.map_err(Error::io("reading a block's bitmap", place.offset()))?;
            let bitmap = Bitmap(std::mem::take(&mut bytes));
            if !bitmap.is_full(bits) {
                let expected = format!("every sector of block {} marked in its bitmap", block.0);
                let found = "clear bits";
                out.push(Finding::new(Part::Batmap, Rule::BatmapNotFull, place.offset(), expected, found));
            }
            bytes = bitmap.0;
            Ok(())
        })
    }

    /// Every locator can be read and names what the header names.
    fn locators(&mut self, header: &Header, at: u64) -> Result<(), Error> {
        let name = parent_name(header).unwrap_or_default();
        let mut seen = Vec::new();
        for (slot, locator) in (0u8..).zip(&header.locators) {
            let (part, at) = (Part::Locator(slot), at + 576 + 24 * u64::from(slot));
            let code = locator.code.get();
            let Some(platform) = PlatformCode::of(code) else {
                self.out.push(Finding::new(
                    part,
                    Rule::LocatorCode,
                    at,
                    "a known code",
                    format!("{code:#010x}"),
                ));
                continue;
            };
            if platform == PlatformCode::None {
                self.out.require(*locator == ParentLocator::default(), || {
                    Finding::new(part, Rule::Reserved, at, "zeros in an unused slot", "other bytes")
                });
                continue;
            }
            self.out.require(locator.reserved.get() == 0, || {
                Finding::new(part, Rule::Reserved, at + 12, "zeros", locator.reserved)
            });
            self.out.require(!seen.contains(&code), || {
                Finding::new(part, Rule::LocatorDuplicate, at, "one locator for each platform", platform)
            });
            seen.push(code);
            if platform.is_read() {
                self.locator_text(part, at, locator::read(self.storage, locator)?, &name);
            }
        }
        let usable = seen.iter().filter_map(|c| PlatformCode::of(*c)).any(PlatformCode::is_read);
        self.out.require(usable, || {
            Finding::new(Part::Header, Rule::NoLocator, at + 576, "a MacX, W2ku or W2ru locator", "none")
        });
        Ok(())
    }

    fn locator_text(&mut self, part: Part, at: u64, path: Option<String>, name: &str) {
        let Some(path) = path else {
            let expected = "a path that fits its room, in the platform's encoding";
            return self.out.push(Finding::new(part, Rule::LocatorText, at + 8, expected, "other bytes"));
        };
        let base = path.rsplit('/').next().unwrap_or_default();
        let shown = |text: &str| format!("{text:?}");
        self.out.require(base == name, || {
            Finding::new(part, Rule::LocatorName, at + 16, shown(name), shown(&path))
        });
        if self.scope == Scope::Repository {
            let beside = path.strip_prefix("./").unwrap_or(&path);
            self.out.require(!beside.contains('/') && beside != "..", || {
                let expected = format!("a file beside the image: {:?}", format!("./{base}"));
                Finding::new(part, Rule::LocatorEscapes, at + 16, expected, shown(&path))
            });
        }
    }
}
