//! A chain as one standalone dynamic image, made as a stream: no seeking back, so it can go into a pipe or an archive.
//!
//! A first pass over the BATs and bitmaps of all links finds which blocks hold anything, and which hold everything; that
//! settles header, BAT and batmap. The second pass reads data, in the order of the disk.

use std::io::{self, Read};

use uuid::Uuid;

use super::bitmap::Bitmap;
use super::chain::{Chain, Supply};
use super::create::Creation;
use super::error::Error;
use super::footer::DiskType;
use super::memory::Memory;
use super::storage::Storage;
use super::time::VhdTime;
use super::units::{BLOCK_SIZE, BlockIndex, FileSector, MAX_VIRTUAL_SIZE, SECTOR_SIZE, Sector};

/// Bytes of a block's data.
const BLOCK: u64 = BLOCK_SIZE as u64;
/// Sectors of a block.
const PER_BLOCK: u64 = BLOCK / SECTOR_SIZE;
/// Bytes of a block's bitmap.
const BITMAP: u64 = SECTOR_SIZE;
/// The data of a block starts on a page.
const PAGE: u64 = 4096;
/// Bytes of a sector, as a length.
const SECTOR: usize = 512;
/// Sectors read at once.
const PIECE: u64 = 512;

/// Reads like a dynamic VHD that holds what the chain's disk holds.
#[derive(Debug)]
pub struct Flattened<'a, S> {
    chain: &'a mut Chain<S>,
    /// The blocks that hold anything, in the order of the disk.
    blocks: Vec<BlockIndex>,
    footer: Vec<u8>,
    len: u64,
    /// Offset in the stream of the end of `piece`.
    at: u64,
    next: Step,
    piece: Vec<u8>,
    used: usize,
}

/// What comes next in the stream.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Gap and bitmap of the block with this index in `blocks`; behind the last, the footer.
    Block(usize),
    /// Data of that block, from this sector of it on.
    Data(usize, u64),
    End,
}

impl<'a, S: Storage> Flattened<'a, S> {
    /// Prepares the image of `chain`, as `uuid`, made `now`.
    ///
    /// Memory: eight bytes for each block of the disk, 8.5 MiB for the largest disk of the storage manager.
    ///
    /// # Errors
    /// A BAT or bitmap cannot be read; the disk is too large for the format.
    pub fn new(chain: &'a mut Chain<S>, uuid: Uuid, now: VhdTime) -> Result<Self, Error> {
        let size = chain.virtual_size();
        if size > MAX_VIRTUAL_SIZE {
            let refused = format!("a disk of {size} bytes: a VHD holds {MAX_VIRTUAL_SIZE}");
            return Err(Error::Refused(refused));
        }
        let mut image = Creation { size, room: size, uuid, now, parent: None }.create(Memory::default())?;
        let mut end = image.data_end()?;
        let head_len = end;
        let mut blocks = Vec::new();
        if let Some(sparse) = &mut image.sparse {
            let count = sparse.bat.blocks();
            let mut full = Bitmap(vec![0; count.div_ceil(8) as usize]);
            let mut next = 0;
            while next < count {
                let block = BlockIndex(next);
                let absent = absent_blocks(chain, block)?;
                if absent > 0 {
                    next = next.saturating_add(absent);
                    continue;
                }
                next += 1;
                let present = present(chain, block)?;
                if present == 0 {
                    continue;
                }
                let start = block_start(end);
                let place = u32::try_from(start / SECTOR_SIZE).ok().filter(|p| *p != u32::MAX);
                let place =
                    place.ok_or_else(|| Error::Refused("the data is more than a VHD can hold".into()))?;
                sparse.bat.set(&image.storage, block, FileSector(place))?;
                if present == PER_BLOCK {
                    full.set(u64::from(block.0)..u64::from(block.0) + 1);
                }
                blocks.push(block);
                end = start + BITMAP + BLOCK;
            }
            if let Some(batmap) = &mut sparse.batmap {
                batmap.replace(&image.storage, &full.0)?;
            }
        }
        let mut piece = image.storage.into_bytes();
        let footer = piece.split_off(usize::try_from(head_len).unwrap_or(piece.len()));
        let len = end + footer.len() as u64;
        Ok(Self { chain, blocks, footer, len, at: head_len, next: Step::Block(0), piece, used: 0 })
    }

    /// Length of the stream, bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the stream is empty: it never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn next_piece(&mut self) -> Result<(), Error> {
        self.piece.clear();
        self.used = 0;
        match self.next {
            Step::Block(index) => match self.blocks.get(index) {
                None => {
                    self.piece.append(&mut self.footer);
                    self.next = Step::End;
                }
                Some(block) => {
                    let bits = bitmap(self.chain, *block)?;
                    let gap = block_start(self.at) - self.at;
                    self.piece.resize(usize::try_from(gap).unwrap_or(0), 0);
                    self.piece.extend_from_slice(&bits.0);
                    self.next = Step::Data(index, 0);
                }
            },
            Step::Data(index, within) => {
                let first = u64::from(self.blocks[index].0) * PER_BLOCK + within;
                let disk = self.chain.virtual_size() / SECTOR_SIZE;
                // The last block of a disk may reach beyond it: what is there is zero.
                let there = disk.saturating_sub(first).min(PIECE);
                self.piece.resize(usize::try_from(PIECE * SECTOR_SIZE).unwrap_or(0), 0);
                self.piece.fill(0);
                let bytes = usize::try_from(there * SECTOR_SIZE).unwrap_or(0);
                if there > 0 {
                    self.chain.read(Sector(first), &mut self.piece[..bytes])?;
                }
                let next = within + PIECE;
                self.next = if next < PER_BLOCK { Step::Data(index, next) } else { Step::Block(index + 1) };
            }
            Step::End => {}
        }
        self.at += self.piece.len() as u64;
        Ok(())
    }
}

impl<S: Storage> Read for Flattened<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.used == self.piece.len() {
            self.next_piece().map_err(io::Error::other)?;
        }
        let n = buf.len().min(self.piece.len() - self.used);
        buf[..n].copy_from_slice(&self.piece[self.used..self.used + n]);
        self.used += n;
        Ok(n)
    }
}

/// Where the bitmap of a block goes that follows byte `end`.
fn block_start(end: u64) -> u64 {
    (end + BITMAP).next_multiple_of(PAGE) - BITMAP
}

/// Which sectors of `block` any link of the chain holds. A fixed or raw disk holds all of them: of it, those that are not
/// zero.
fn bitmap<S: Storage>(chain: &mut Chain<S>, block: BlockIndex) -> Result<Bitmap, Error> {
    let mut bits = Bitmap(vec![0; usize::try_from(BITMAP).unwrap_or(0)]);
    let first = u64::from(block.0) * PER_BLOCK;
    let mut within = 0;
    while within < PER_BLOCK {
        let (supply, run) = chain.supply(Sector(first + within), PER_BLOCK - within)?;
        match supply {
            Supply::Data(link, _) if chain.links()[link].kind() == DiskType::Fixed => {
                let mut data = vec![0; usize::try_from(run * SECTOR_SIZE).unwrap_or(0)];
                chain.read(Sector(first + within), &mut data)?;
                let holding =
                    (within..).zip(data.chunks(SECTOR)).filter(|(_, sector)| sector.iter().any(|b| *b != 0));
                holding.for_each(|(bit, _)| bits.set(bit..bit + 1));
            }
            Supply::Data(..) => bits.set(within..within + run),
            Supply::Zero => {}
        }
        within += run;
    }
    Ok(bits)
}

/// How many whole blocks there are from `block` on of which no link of the chain holds anything; maybe more follow.
fn absent_blocks<S: Storage>(chain: &mut Chain<S>, block: BlockIndex) -> Result<u32, Error> {
    let first = u64::from(block.0) * PER_BLOCK;
    let left = (chain.virtual_size() / SECTOR_SIZE).saturating_sub(first);
    match chain.supply(Sector(first), left)? {
        (Supply::Zero, run) => Ok(u32::try_from(run.min(left) / PER_BLOCK).unwrap_or(u32::MAX)),
        (Supply::Data(..), _) => Ok(0),
    }
}

/// How many sectors of `block` any link of the chain holds.
fn present<S: Storage>(chain: &mut Chain<S>, block: BlockIndex) -> Result<u64, Error> {
    let bits = bitmap(chain, block)?;
    Ok(bits.0.iter().map(|byte| u64::from(byte.count_ones())).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vhd::{Image, Scope, Snapshot, check, create_dynamic};

    #[test]
    fn a_flattened_chain_is_sound_and_holds_the_same_disk() {
        let now = VhdTime(700_000_000);
        let base = create_dynamic(Memory::default(), 8 * BLOCK, Uuid::from_u128(1), now).unwrap();
        let mut chain = Chain::join(vec![base]).unwrap();
        chain.write(Sector(0), &vec![1; usize::try_from(BLOCK).unwrap()]).unwrap();
        chain.write(Sector(5 * PER_BLOCK + 7), &[2; 4096]).unwrap();
        let snapshot =
            Snapshot { parent_file: "base.vhd".into(), parent_modified: now, uuid: Uuid::from_u128(2), now };
        let mut chain = chain.snapshot(Memory::default(), &snapshot).unwrap();
        chain.write(Sector(5 * PER_BLOCK + 8), &[3; 512]).unwrap();
        chain.write(Sector(8 * PER_BLOCK - 1), &[4; 512]).unwrap();

        let (mut expected, mut flat) = (Vec::new(), Vec::new());
        chain.reader().read_to_end(&mut expected).unwrap();
        let mut stream = Flattened::new(&mut chain, Uuid::from_u128(3), now).unwrap();
        let len = stream.len();
        stream.read_to_end(&mut flat).unwrap();
        assert_eq!(flat.len() as u64, len);

        let flat = Memory::new(flat);
        let findings = check(&flat, Scope::Repository, now).unwrap().findings;
        assert_eq!(findings.list, []);
        let image = Image::open(flat).unwrap();
        assert_eq!((image.allocated_blocks().unwrap(), image.uuid()), (3, Uuid::from_u128(3)));
        let mut found = Vec::new();
        Chain::join(vec![image]).unwrap().reader().read_to_end(&mut found).unwrap();
        assert!(found == expected);
    }

    #[test]
    fn a_disk_may_end_anywhere_in_its_last_block() {
        let (now, size) = (VhdTime(700_000_000), BLOCK + SECTOR_SIZE);
        let base = Creation { size, room: size, uuid: Uuid::from_u128(1), now, parent: None };
        let base = base.create(Memory::default()).unwrap();
        let mut chain = Chain::join(vec![base]).unwrap();
        chain.write(Sector(PER_BLOCK), &[1; SECTOR]).unwrap();
        let mut flat = Vec::new();
        Flattened::new(&mut chain, Uuid::from_u128(2), now).unwrap().read_to_end(&mut flat).unwrap();
        let flat = Memory::new(flat);
        assert_eq!(check(&flat, Scope::Repository, now).unwrap().findings.list, []);
        let mut read = [0; 2 * SECTOR];
        let mut chain = Chain::join(vec![Image::open(flat).unwrap()]).unwrap();
        chain.read(Sector(PER_BLOCK - 1), &mut read).unwrap();
        assert_eq!((read[0], read[SECTOR], chain.virtual_size()), (0, 1, size));
    }

    #[test]
    fn refuses_a_disk_that_no_vhd_can_hold() {
        let mut footer = crate::vhd::fixed_footer(MAX_VIRTUAL_SIZE + 512, Uuid::nil(), VhdTime(1)).to_vec();
        footer.splice(..0, [0; 512]);
        let mut chain = Chain::join(vec![Image::open(Memory::new(footer)).unwrap()]).unwrap();
        assert!(Flattened::new(&mut chain, Uuid::nil(), VhdTime(1)).is_err());
    }
}
