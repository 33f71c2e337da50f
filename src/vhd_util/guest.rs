//! What a guest reads: sectors through the chain, every parent opened when it is first needed.

use std::fs::File;

use super::disk::{self, Disk, Opening};
use super::errno::Errno;
use super::parent::{Above, Climb};
use crate::vhd::{Bat, BlockIndex, SECTOR_SIZE, Storage};

/// A link of the chain.
enum Link {
    Image { disk: Box<Disk>, bat: Bat, bitmap: Option<(u32, Vec<u8>)> },
    Raw(File),
}

/// A chain, opened as far as it was needed.
pub(super) struct Guest {
    links: Vec<Link>,
    climb: Climb,
}

impl Guest {
    /// The guest's view of the disk whose leaf is `disk`.
    pub(super) fn new(disk: Disk) -> Result<Self, Errno> {
        let (climb, bat) = (Climb::from(&disk)?, disk.bat()?);
        Ok(Self { links: vec![Link::Image { disk: Box::new(disk), bat, bitmap: None }], climb })
    }

    /// Fills `buf`, whole sectors, from `sector` on.
    pub(super) fn read(&mut self, sector: u64, buf: &mut [u8]) -> Result<(), Errno> {
        self.read_link(0, sector, buf)
    }

    fn read_link(&mut self, level: usize, sector: u64, buf: &mut [u8]) -> Result<(), Errno> {
        let (mut at, mut rest) = (sector, buf);
        while !rest.is_empty() {
            let (place, run) = self.links[level].find(at, rest.len() as u64 / SECTOR_SIZE)?;
            let (piece, after) = rest.split_at_mut(usize::try_from(run * SECTOR_SIZE).unwrap_or(usize::MAX));
            match place {
                Place::At(offset) => self.links[level].data(offset, piece)?,
                Place::Zero => piece.fill(0),
                Place::Parent => {
                    self.open_above(level)?;
                    self.read_link(level + 1, at, piece)?;
                }
            }
            (at, rest) = (at + run, after);
        }
        Ok(())
    }

    /// Opens the parent of the link at `level`, unless it is open.
    fn open_above(&mut self, level: usize) -> Result<(), Errno> {
        if self.links.len() > level + 1 {
            return Ok(());
        }
        let Some(Link::Image { disk, .. }) = self.links.get(level) else { return Err(Errno::INVAL) };
        let link = match self.climb.above(disk, Opening::default())? {
            Above::Image(disk) => Link::Image { bat: disk.bat()?, disk, bitmap: None },
            Above::Raw(path) => Link::Raw(disk::open_file(&path, false)?),
            Above::Nothing => return Err(Errno::INVAL),
        };
        self.links.push(link);
        Ok(())
    }
}

enum Place {
    At(u64),
    Zero,
    Parent,
}

impl Link {
    /// Where the sector at `at` is, and how many of the next `most` are there with it.
    fn find(&mut self, at: u64, most: u64) -> Result<(Place, u64), Errno> {
        let Self::Image { disk, bat, bitmap } = self else { return Ok((Place::At(at * SECTOR_SIZE), most)) };
        let sectors = disk.size() / SECTOR_SIZE;
        if at >= sectors {
            return Ok((Place::Zero, most));
        }
        let absent = if disk.is_child() { Place::Parent } else { Place::Zero };
        let per_block = disk.sectors_per_block();
        let (block, within) = (at / per_block, at % per_block);
        let most = most.min(per_block - within).min(sectors - at);
        let block = u32::try_from(block).map_err(|_| Errno::RANGE)?;
        let Some(place) = bat.entry(&disk.file, BlockIndex(block))? else { return Ok((absent, most)) };
        if bitmap.as_ref().is_none_or(|(cached, _)| *cached != block) {
            *bitmap = Some((block, disk.bitmap(place)?));
        }
        let bits = bitmap.as_ref().map_or(&[][..], |(_, bits)| bits);
        let set = bit(bits, within);
        let run = (within..within + most).take_while(|b| bit(bits, *b) == set).count() as u64;
        let data = place.offset() + disk.bitmap_size() + within * SECTOR_SIZE;
        Ok((if set { Place::At(data) } else { absent }, run))
    }

    /// Reads data. A file may end inside its last block, and a raw parent before its child: what is missing is zero.
    fn data(&self, offset: u64, buf: &mut [u8]) -> Result<(), Errno> {
        let file = match self {
            Self::Image { disk, .. } => &disk.file,
            Self::Raw(file) => file,
        };
        let n = Storage::read_at(file, buf, offset)?;
        buf[n..].fill(0);
        Ok(())
    }
}

/// Whether a bit is set, most significant first.
pub(super) fn bit(bits: &[u8], index: u64) -> bool {
    let byte = usize::try_from(index / 8).ok().and_then(|i| bits.get(i));
    byte.is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0)
}
