//! Checking an image's data against its bitmaps: every allocated block is read.

use super::bitmap::Bitmap;
use super::error::Error;
use super::finding::{Finding, Findings, Part, Rule};
use super::image::Image;
use super::storage::Storage;
use super::units::SECTOR_SIZE;

/// Finds sectors that hold data although their block's bitmap says that they hold none: readers disagree on what they are,
/// and what was written there is lost when the image is coalesced. One finding for each such block.
///
/// # Errors
/// The image cannot be read.
pub fn check_data<S: Storage>(image: &Image<S>) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    let Some(sparse) = &image.sparse else { return Ok(findings) };
    let bitmap_size = usize::try_from(sparse.bitmap_size()).unwrap_or(0);
    let mut block_bytes = vec![0; bitmap_size + usize::try_from(sparse.block_size()).unwrap_or(0)];
    sparse.bat.for_each(&image.storage, |block, place| {
        let start = place.offset();
        let read =
            image.storage.read_at(&mut block_bytes, start).map_err(Error::io("reading a block", start))?;
        // What is missing behind the end of the file is zero.
        block_bytes[read..].fill(0);
        let (bits, data) = block_bytes.split_at(bitmap_size);
        let bitmap = Bitmap(bits.to_vec());
        if bitmap.is_full(sparse.sectors_per_block()) {
            return Ok(());
        }
        let sectors = (0u64..).zip(data.chunks(512));
        let mut hidden = sectors.filter(|(bit, sector)| !bitmap.get(*bit) && sector.iter().any(|b| *b != 0));
        if let Some((first, _)) = hidden.next() {
            let at = start + bitmap_size as u64 + first * SECTOR_SIZE;
            let expected = format!("zeros in the sectors that the bitmap of block {} leaves out", block.0);
            let found = format!("data in {} of them", 1 + hidden.count());
            findings.push(Finding::new(Part::Bitmap, Rule::DataOutsideBitmap, at, expected, found));
        }
        Ok(())
    })?;
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vhd::{BLOCK_SIZE, BlockIndex, Memory, Sector, VhdTime, create_dynamic};

    #[test]
    fn data_that_no_bit_marks_is_found() {
        let size = 3 * u64::from(BLOCK_SIZE);
        let image = create_dynamic(Memory::default(), size, uuid::Uuid::from_u128(1), VhdTime(1));
        let mut image = image.unwrap();
        image.write(Sector(4096 + 8), &[1; 1024]).unwrap();
        assert!(check_data(&image).unwrap().is_empty());
        let data = image.block(BlockIndex(1)).unwrap().unwrap().offset() + 512;
        image.storage().write_at(&[7], data + 20 * 512 + 511).unwrap();
        image.storage().write_at(&[7], data).unwrap();
        let findings = check_data(&image).unwrap().list;
        assert_eq!(
            (findings.len(), findings[0].offset, findings[0].rule),
            (1, data, Rule::DataOutsideBitmap)
        );
        assert!(findings[0].found.contains("2 of them"));
    }
}
