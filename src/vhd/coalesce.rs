//! Folding an image into its parent: every sector that the image has of its own goes to the parent.

use super::error::Error;
use super::extent::Extent;
use super::image::Image;
use super::storage::Storage;
use super::units::{SECTOR_SIZE, Sector};

/// A disk that sectors can be written to: an [`Image`], or a [`RawDisk`].
pub trait SectorSink {
    /// Sectors that the disk has.
    ///
    /// # Errors
    /// The system refused.
    fn sectors(&self) -> Result<u64, Error>;

    /// Writes whole sectors from `sector` on.
    ///
    /// # Errors
    /// They lie beyond the disk, or writing failed.
    fn write_sectors(&mut self, sector: Sector, data: &[u8]) -> Result<(), Error>;
}

impl<S: Storage> SectorSink for Image<S> {
    fn sectors(&self) -> Result<u64, Error> {
        Ok(self.virtual_size() / SECTOR_SIZE)
    }

    fn write_sectors(&mut self, sector: Sector, data: &[u8]) -> Result<(), Error> {
        self.write(sector, data)
    }
}

/// A file that holds the bytes of a disk and nothing else.
#[derive(Debug)]
pub struct RawDisk<S>(pub S);

impl<S: Storage> SectorSink for RawDisk<S> {
    fn sectors(&self) -> Result<u64, Error> {
        Ok(self.0.len().map_err(Error::io("finding the file's length", 0))? / SECTOR_SIZE)
    }

    fn write_sectors(&mut self, sector: Sector, data: &[u8]) -> Result<(), Error> {
        let offset = sector.0.saturating_mul(SECTOR_SIZE);
        self.0.write_at(data, offset).map_err(Error::io("writing data", offset))
    }
}

impl<S: Storage> Image<S> {
    /// Writes every sector that this image has of its own to `parent`, and returns how many those were. The image itself
    /// stays as it is: until it is removed, nothing that reads through it sees a difference, so a run that was
    /// interrupted is simply done again.
    ///
    /// `progress` is told the block that is next, of how many.
    ///
    /// # Errors
    /// The parent's disk ends before the last of those sectors, which is found out before anything is written; or reading
    /// or writing failed.
    pub fn coalesce_into(
        &mut self,
        parent: &mut impl SectorSink,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<u64, Error> {
        let room = parent.sectors()?;
        let mut last = 0;
        self.own_sectors(
            |_, _| {},
            |_, sector, _, run| {
                last = sector.0 + run;
                Ok(())
            },
        )?;
        if last > room {
            return Err(Error::OutOfRange { sector: last, sectors: room });
        }
        let (mut count, mut buf) = (0, Vec::new());
        self.own_sectors(&mut progress, |storage, sector, offset, run| {
            buf.resize(usize::try_from(run * SECTOR_SIZE).unwrap_or(0), 0);
            storage.read_exact_at(&mut buf, offset).map_err(Error::io("reading a block", offset))?;
            count += run;
            parent.write_sectors(sector, &buf)
        })?;
        Ok(count)
    }

    /// Calls `visit` with each run of sectors that lies in this file, none longer than a block: the file, the first sector,
    /// its byte offset in the file, and how many.
    fn own_sectors(
        &mut self,
        mut progress: impl FnMut(u64, u64),
        mut visit: impl FnMut(&S, Sector, u64, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let total = self.virtual_size() / SECTOR_SIZE;
        let per_block = self.sparse.as_ref().map_or(total.max(1), super::image::Sparse::sectors_per_block);
        for block in 0..total.div_ceil(per_block) {
            progress(block, total.div_ceil(per_block));
            let (mut at, end) = (block * per_block, ((block + 1) * per_block).min(total));
            while at < end {
                let (extent, run) = self.extent(Sector(at), end - at)?;
                if let Extent::Data(offset) = extent {
                    visit(&self.storage, Sector(at), offset, run)?;
                }
                at += run;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{Chain, Memory, ParentLink, VhdTime, create_differencing, create_dynamic};
    use super::*;

    const MIB: u64 = 1 << 20;

    fn pair<'a>(
        base: &'a Memory,
        child: &'a Memory,
        parent_size: u64,
    ) -> (Image<&'a Memory>, Image<&'a Memory>) {
        let base = create_dynamic(base, parent_size, Uuid::from_u128(1), VhdTime(0)).unwrap();
        let link = ParentLink { file_name: "base.vhd".into(), uuid: base.uuid(), modified: VhdTime(0) };
        let child = create_differencing(child, 8 * MIB, Uuid::from_u128(2), VhdTime(0), &link).unwrap();
        (base, child)
    }

    #[test]
    fn the_parent_reads_as_the_child_did() {
        let (below, above) = (Memory::default(), Memory::default());
        let (mut base, mut child) = pair(&below, &above, 8 * MIB);
        base.write(Sector(0), &[1; 8192]).unwrap();
        child.write(Sector(3), &[2; 1024]).unwrap();
        child.write(Sector(4096), &[3; 2 << 20]).unwrap();
        let mut seen = vec![0; 8 << 20];
        let parent = Image::open(&below).unwrap();
        Chain::join(vec![Image::open(&above).unwrap(), parent]).unwrap().read(Sector(0), &mut seen).unwrap();

        let mut steps = Vec::new();
        assert_eq!(child.coalesce_into(&mut base, |done, of| steps.push((done, of))).unwrap(), 2 + 4096);
        assert_eq!(steps, [(0, 4), (1, 4), (2, 4), (3, 4)]);
        let mut now = vec![0; 8 << 20];
        Chain::join(vec![Image::open(&below).unwrap()]).unwrap().read(Sector(0), &mut now).unwrap();
        assert!(seen == now);
    }

    #[test]
    fn a_parent_that_is_too_small_is_left_alone() {
        let (below, above) = (Memory::default(), Memory::default());
        let (mut base, mut child) = pair(&below, &above, 2 * MIB);
        child.write(Sector(0), &[1; 512]).unwrap();
        child.write(Sector(8192), &[1; 512]).unwrap();
        let before = below.clone().into_bytes();
        assert!(matches!(
            child.coalesce_into(&mut base, |_, _| {}),
            Err(Error::OutOfRange { sectors: 4096, .. })
        ));
        assert!(before == below.into_bytes());
    }

    #[test]
    fn a_raw_parent_takes_the_sectors_as_they_are() {
        let (below, above) = (Memory::default(), Memory::default());
        let (_, mut child) = pair(&below, &above, 8 * MIB);
        child.write(Sector(2), &[9; 512]).unwrap();
        let mut raw = RawDisk(Memory::new(vec![0; 8 << 20]));
        assert_eq!(child.coalesce_into(&mut raw, |_, _| {}).unwrap(), 1);
        assert_eq!(raw.0.into_bytes()[1024..1536], [9; 512]);
    }
}
