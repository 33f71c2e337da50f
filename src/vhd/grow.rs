//! Making a disk larger: at once where BAT and batmap have room for it, else by moving what is in their way.

use zerocopy::IntoBytes;

use super::bat::Bat;
use super::error::Error;
use super::format::{POISON_COOKIE, UNALLOCATED};
use super::image::Image;
use super::journal::{Journal, Piece};
use super::storage::Storage;
use super::units::{BlockIndex, FileSector, SECTOR_SIZE, padded};

/// Block data starts on a page.
const SECTORS_PER_PAGE: u64 = 8;

impl<S: Storage> Image<S> {
    /// Blocks that a disk of `size` bytes has, if the format can count them.
    fn blocks_for(&self, size: u64) -> Result<u32, Error> {
        let Some(sparse) = &self.sparse else {
            return Err(Error::Refused("a fixed disk cannot grow in its file".into()));
        };
        if size < self.virtual_size() {
            return Err(Error::Refused(format!("{size} bytes are less than the disk has")));
        }
        u32::try_from(size.div_ceil(sparse.block_size()))
            .map_err(|_| Error::Refused(format!("a VHD cannot hold {size} bytes")))
    }

    /// Makes the disk `size` bytes large, within what BAT and batmap have room for. Nothing moves.
    ///
    /// # Errors
    /// The disk is fixed, larger already, or the BAT has too few entries; or writing failed.
    pub fn grow_in_place(&mut self, size: u64) -> Result<(), Error> {
        let blocks = self.blocks_for(size)?;
        let Some(sparse) = &mut self.sparse else { return Ok(()) };
        let entries = sparse.header.max_bat_entries.get();
        if blocks > entries {
            return Err(Error::Refused(format!("{blocks} blocks, and a BAT of {entries} entries")));
        }
        sparse.bat = Bat::new(sparse.header.table_offset.get(), blocks);
        if let Some(batmap) = &mut sparse.batmap {
            batmap.resize(&self.storage, size, blocks)?;
        }
        self.footer.current_size = size.into();
        self.footer.fit_geometry();
        self.write_footers()
    }

    /// Makes the disk `size` bytes large; blocks that lie where BAT, batmap and locators need room move to the end of the
    /// file. What is written over is kept in `journal` first, and the image is disabled from then on until all is done:
    /// whoever finds it disabled puts it back with [`super::Undo`].
    ///
    /// Order of the writes: journal, sync, disabled footers, sync, blocks, metadata, sync, footers, sync.
    ///
    /// # Errors
    /// As [`Self::grow_in_place`], but for the size of the BAT. When the error is not about the journal, the image has to
    /// be put back.
    pub fn grow<J: Storage>(mut self, size: u64, journal: J) -> Result<(), Error> {
        let blocks = self.blocks_for(size)?;
        let Some(sparse) = &self.sparse else { return Ok(()) };
        if blocks <= sparse.header.max_bat_entries.get() {
            return self.grow_in_place(size);
        }
        let layout = Layout::new(&self, blocks)?;
        self.keep_all(&layout, journal)?;
        self.disable()?;
        self.move_blocks(&layout)?;
        self.rewrite_metadata(&layout, size)?;
        self.sync()?;
        let mut grown = Self::reopened(self, size)?;
        grown.write_footers()?;
        grown.sync()
    }

    fn keep_all<J: Storage>(&self, layout: &Layout, journal: J) -> Result<(), Error> {
        let Some(sparse) = &self.sparse else { return Ok(()) };
        let len = self.storage.len().map_err(Error::io("finding the file's length", 0))?;
        let footer_offset = len.saturating_sub(SECTOR_SIZE);
        let mut journal = Journal::begin(journal, self.footer.uuid, footer_offset);
        let mut keep = |kind, offset: u64, size: u64| {
            let bytes = self.bytes(offset, size)?;
            journal.keep(kind, offset, &bytes)
        };
        keep(Piece::Footer, footer_offset, SECTOR_SIZE)?;
        keep(Piece::FooterCopy, 0, SECTOR_SIZE)?;
        keep(Piece::Header, sparse.header_offset, super::header::HEADER_SIZE)?;
        for (from, _, size) in &layout.texts {
            keep(Piece::Locator, *from, *size)?;
        }
        let table = sparse.header.table_offset.get();
        keep(Piece::Bat, table, super::header::table_size(&sparse.header))?;
        if let Some(batmap) = &sparse.batmap {
            keep(Piece::BatmapHead, batmap.offset, SECTOR_SIZE)?;
            keep(Piece::Batmap, batmap.header.offset.get(), padded(batmap.checked_bytes()))?;
        }
        let gap = layout.end.min(layout.moved.first().map_or(footer_offset, |m| m.from.offset()));
        let start = self.metadata_end();
        if gap > start {
            keep(Piece::Data, start, gap - start)?;
        }
        for moved in &layout.moved {
            keep(Piece::Data, moved.from.offset(), sparse.bitmap_size())?;
            keep(Piece::Data, moved.from.offset() + sparse.bitmap_size(), sparse.block_size())?;
        }
        journal.commit()
    }

    fn bytes(&self, offset: u64, size: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        self.storage.read_exact_at(&mut bytes, offset).map_err(Error::io("reading the image", offset))?;
        Ok(bytes)
    }

    /// Marks the image as one whose resize is under way.
    fn disable(&mut self) -> Result<(), Error> {
        let cookie = std::mem::replace(&mut self.footer.cookie, POISON_COOKIE);
        let written = self.write_footers().and_then(|()| self.sync());
        self.footer.cookie = cookie;
        written
    }

    fn move_blocks(&self, layout: &Layout) -> Result<(), Error> {
        let Some(sparse) = &self.sparse else { return Ok(()) };
        let size = sparse.bitmap_size() + sparse.block_size();
        let end = self.data_end()?;
        if !layout.moved.is_empty() {
            // The footer lies where the first of them goes.
            self.cut(end)?;
        }
        for moved in &layout.moved {
            let bytes = self.bytes(moved.from.offset(), size)?;
            let to = moved.to.offset();
            self.storage.write_at(&bytes, to).map_err(Error::io("moving a block", to))?;
        }
        for moved in &layout.moved {
            let zeros = vec![0; usize::try_from(size).unwrap_or(0)];
            let from = moved.from.offset();
            self.storage.write_at(&zeros, from).map_err(Error::io("clearing a block", from))?;
        }
        Ok(())
    }

    fn rewrite_metadata(&mut self, layout: &Layout, size: u64) -> Result<(), Error> {
        let texts: Vec<(u64, Vec<u8>)> = layout
            .texts
            .iter()
            .map(|(from, to, size)| Ok((*to, self.bytes(*from, *size)?)))
            .collect::<Result<_, Error>>()?;
        let Some(sparse) = &mut self.sparse else { return Ok(()) };
        let table = sparse.header.table_offset.get();
        let old = u64::from(sparse.header.max_bat_entries.get()) * 4;
        let mut entries = vec![0; usize::try_from(old).unwrap_or(usize::MAX)];
        self.storage.read_exact_at(&mut entries, table).map_err(Error::io("reading the BAT", table))?;
        for moved in &layout.moved {
            let at = moved.block.0 as usize * 4;
            entries[at..at + 4].copy_from_slice(&moved.to.0.to_be_bytes());
        }
        let new = layout.blocks as usize * 4;
        while entries.len() < new {
            entries.extend_from_slice(&UNALLOCATED.to_be_bytes());
        }
        entries.resize(usize::try_from(layout.batmap - table).unwrap_or(new), 0);

        if let Some(batmap) = &mut sparse.batmap {
            batmap.relocate(&self.storage, layout.batmap, size, layout.blocks)?;
        }
        for (to, text) in texts {
            self.storage.write_at(&text, to).map_err(Error::io("writing a parent locator", to))?;
        }
        self.storage.write_at(&entries, table).map_err(Error::io("writing the BAT", table))?;
        sparse.header.max_bat_entries = layout.blocks.into();
        for locator in sparse.header.locators.iter_mut().filter(|l| l.code.get() != 0) {
            locator.data_offset = layout.shifted(locator.data_offset.get()).into();
        }
        sparse.header.seal();
        let at = sparse.header_offset;
        self.storage.write_at(sparse.header.as_bytes(), at).map_err(Error::io("writing the header", at))
    }

    /// The image as it is on disk now, of `size` bytes, still without its footers.
    fn reopened(mut self, size: u64) -> Result<Self, Error> {
        self.footer.current_size = size.into();
        self.footer.fit_geometry();
        let blocks = self.blocks_for(size)?;
        if let Some(sparse) = &mut self.sparse {
            sparse.bat = Bat::new(sparse.header.table_offset.get(), blocks);
            sparse.bitmap = None;
        }
        Ok(self)
    }
}

/// A block that is in the way.
#[derive(Debug)]
struct Moved {
    block: BlockIndex,
    from: FileSector,
    to: FileSector,
}

/// Where everything will be.
#[derive(Debug)]
struct Layout {
    /// Entries of the BAT.
    blocks: u32,
    /// Place of the batmap's head, or of what follows the BAT.
    batmap: u64,
    /// Where the metadata ends.
    end: u64,
    /// The metadata from this byte on moves by so many.
    shift: (u64, u64),
    /// Texts of the parent locators: from where, to where, how many bytes.
    texts: Vec<(u64, u64, u64)>,
    moved: Vec<Moved>,
}

impl Layout {
    fn new<S: Storage>(image: &Image<S>, blocks: u32) -> Result<Self, Error> {
        let Some(sparse) = &image.sparse else {
            return Err(Error::Refused("a fixed disk has no BAT".into()));
        };
        let header = &sparse.header;
        let table = header.table_offset.get();
        let old_end = image.fixed_metadata_end();
        let batmap = table + padded(u64::from(blocks) * 4).max(SECTOR_SIZE);
        let map = padded(u64::from(blocks).div_ceil(8)).max(SECTOR_SIZE);
        let new_end = if sparse.batmap.is_some() { batmap + SECTOR_SIZE + map } else { batmap };
        let mut layout = Self {
            blocks,
            batmap,
            end: 0,
            shift: (old_end, new_end.saturating_sub(old_end)),
            texts: Vec::new(),
            moved: Vec::new(),
        };
        let mut end = new_end;
        for locator in header.locators.iter().filter(|l| l.code.get() != 0) {
            let (from, size) = (locator.data_offset.get(), locator.space());
            if from < old_end {
                return Err(Error::Refused("a parent locator lies inside the BAT or batmap".into()));
            }
            let to = layout.shifted(from);
            layout.texts.push((from, to, size));
            end = end.max(to + size);
        }
        layout.end = end;
        layout.find_moved(image, end)?;
        Ok(layout)
    }

    /// Where the metadata at `offset` will be: what lies behind the batmap moves with its end.
    fn shifted(&self, offset: u64) -> u64 {
        offset + self.shift.1
    }

    fn find_moved<S: Storage>(&mut self, image: &Image<S>, end: u64) -> Result<(), Error> {
        let Some(sparse) = &image.sparse else { return Ok(()) };
        sparse.bat.for_each(&image.storage, |block, from| {
            self.moved.push(Moved { block, from, to: from });
            Ok(())
        })?;
        self.moved.sort_by_key(|m| m.from);
        // A gap in front of the blocks is not used up: blktap moves as many blocks as hold what is needed.
        let needed = usize::try_from(self.shift.1.div_ceil(sparse.block_size())).unwrap_or(usize::MAX);
        let in_the_way = self.moved.iter().take_while(|m| m.from.offset() < end).count();
        self.moved.truncate(in_the_way.max(needed));
        let bitmap = sparse.bitmap_size() / SECTOR_SIZE;
        let mut free = image.data_end()?.max(end).div_ceil(SECTOR_SIZE);
        for moved in &mut self.moved {
            let data = (free + bitmap).next_multiple_of(SECTORS_PER_PAGE);
            moved.to = u32::try_from(data - bitmap)
                .map(FileSector)
                .map_err(|_| Error::Refused("the file would be larger than 2 TiB".into()))?;
            free = data + sparse.sectors_per_block();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
