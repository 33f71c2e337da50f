//! A chain of images, leaf first: the disk that a guest sees.

use std::io::{self, Read};

use super::error::Error;
use super::extent::Extent;
use super::field::Field;
use super::finding::Rule;
use super::image::Image;
use super::storage::Storage;
use super::units::{SECTOR_SIZE, Sector};

/// Leaf, its parent, and so on to the base. The caller opened every link: nothing here follows a name in a file.
#[derive(Debug)]
pub struct Chain<S> {
    links: Vec<Image<S>>,
}

/// Which link supplies a run of sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supply {
    /// The link with this index (0 = leaf), from this byte offset in its file on.
    Data(usize, u64),
    /// None: the sectors are zero.
    Zero,
}

impl<S: Storage> Chain<S> {
    /// Joins `links`, leaf first.
    ///
    /// # Errors
    /// There is none; a link does not name the next as its parent; the last one still has a parent.
    pub fn join(links: Vec<Image<S>>) -> Result<Self, Error> {
        if links.is_empty() {
            return Err(Error::Refused("a chain has at least one link".into()));
        }
        for (index, link) in links.iter().enumerate() {
            let (expected, found) = (links.get(index + 1).map(Image::uuid), link.parent_uuid());
            let show =
                |uuid: Option<uuid::Uuid>| uuid.map_or("no parent".to_owned(), |u| format!("parent {u}"));
            if expected != found {
                let field = Field::ParentUuid;
                return Err(link.finding(field, Rule::ParentUuid, show(expected), show(found)).into());
            }
        }
        Ok(Self { links })
    }

    /// Size of the disk, bytes: the leaf's.
    #[must_use]
    pub fn virtual_size(&self) -> u64 {
        self.links[0].virtual_size()
    }

    /// The links, leaf first.
    #[must_use]
    pub fn links(&self) -> &[Image<S>] {
        &self.links
    }

    /// Takes the links out again.
    #[must_use]
    pub fn into_links(self) -> Vec<Image<S>> {
        self.links
    }

    /// Who supplies the sectors from `sector` on, and for how many of the next `most` that holds.
    ///
    /// # Errors
    /// A BAT or bitmap cannot be read.
    pub fn supply(&mut self, sector: Sector, most: u64) -> Result<(Supply, u64), Error> {
        let mut run = most;
        for (index, link) in self.links.iter_mut().enumerate() {
            let (extent, here) = link.extent(sector, run)?;
            run = here;
            match extent {
                Extent::Data(offset) => return Ok((Supply::Data(index, offset), run)),
                Extent::Zero => return Ok((Supply::Zero, run)),
                Extent::Parent => {}
            }
        }
        Ok((Supply::Zero, run))
    }

    /// Reads whole sectors of the disk from `sector` on.
    ///
    /// # Errors
    /// `buf` is not whole sectors or reaches beyond the disk; or a file cannot be read.
    pub fn read(&mut self, sector: Sector, buf: &mut [u8]) -> Result<(), Error> {
        let sectors = buf.len() as u64 / SECTOR_SIZE;
        let end = sector.0.checked_add(sectors);
        let inside = end.is_some_and(|end| end <= self.virtual_size() / SECTOR_SIZE);
        if !inside || !(buf.len() as u64).is_multiple_of(SECTOR_SIZE) {
            let disk = self.virtual_size();
            return Err(Error::Refused(format!("{} bytes at {sector:?} of a {disk}-byte disk", buf.len())));
        }
        let (mut at, mut rest) = (sector, buf);
        while !rest.is_empty() {
            let (supply, run) = self.supply(at, rest.len() as u64 / SECTOR_SIZE)?;
            let bytes = usize::try_from(run * SECTOR_SIZE).unwrap_or(usize::MAX);
            let (piece, after) = rest.split_at_mut(bytes);
            match supply {
                Supply::Zero => piece.fill(0),
                Supply::Data(index, offset) => {
                    let read = self.links[index].storage.read_at(piece, offset);
                    let n = read.map_err(Error::io("reading a block", offset))?;
                    // A file may end inside its last block; what is missing is zero.
                    piece[n..].fill(0);
                }
            }
            at = Sector(at.0 + run);
            rest = after;
        }
        Ok(())
    }

    /// Writes whole sectors of the disk from `sector` on: into the leaf, whatever link they came from.
    ///
    /// # Errors
    /// As [`Image::write`].
    pub fn write(&mut self, sector: Sector, data: &[u8]) -> Result<(), Error> {
        self.links[0].write(sector, data)
    }

    /// The disk from its first byte to its last, as a stream.
    pub fn reader(&mut self) -> ChainReader<'_, S> {
        ChainReader { chain: self, next: Sector(0), piece: Vec::new(), used: 0 }
    }
}

/// Reads a [`Chain`]'s disk from front to back.
#[derive(Debug)]
pub struct ChainReader<'a, S> {
    chain: &'a mut Chain<S>,
    next: Sector,
    piece: Vec<u8>,
    used: usize,
}

impl<S: Storage> ChainReader<'_, S> {
    /// How much of what comes no link holds, bytes, at most `most`; 0 where one may hold the next sector.
    ///
    /// # Errors
    /// A BAT or bitmap cannot be read.
    pub fn zeros(&mut self, most: u64) -> Result<u64, Error> {
        let left = self.chain.virtual_size() / SECTOR_SIZE - self.next.0;
        let sectors = left.min(most / SECTOR_SIZE);
        if self.used < self.piece.len() || sectors == 0 {
            return Ok(0);
        }
        match self.chain.supply(self.next, sectors)? {
            (Supply::Zero, run) => Ok(run.min(sectors) * SECTOR_SIZE),
            (Supply::Data(..), _) => Ok(0),
        }
    }

    /// Passes over what [`Self::zeros`] tells; returns how much that was.
    ///
    /// # Errors
    /// A BAT or bitmap cannot be read.
    pub fn skip_zeros(&mut self, most: u64) -> Result<u64, Error> {
        let zeros = self.zeros(most)?;
        self.next.0 += zeros / SECTOR_SIZE;
        Ok(zeros)
    }
}

impl<S: Storage> Read for ChainReader<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        const PIECE: u64 = 512;
        if self.used == self.piece.len() {
            let left = self.chain.virtual_size() / SECTOR_SIZE - self.next.0;
            let sectors = left.min(PIECE);
            self.piece.resize(usize::try_from(sectors * SECTOR_SIZE).unwrap_or(0), 0);
            self.used = 0;
            self.chain.read(self.next, &mut self.piece).map_err(io::Error::other)?;
            self.next.0 += sectors;
        }
        let n = buf.len().min(self.piece.len() - self.used);
        buf[..n].copy_from_slice(&self.piece[self.used..self.used + n]);
        self.used += n;
        Ok(n)
    }
}
