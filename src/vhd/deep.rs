//! Checking an image's data against its bitmaps: every allocated block is read.

use super::bitmap::Bitmap;
use super::error::Error;
use super::finding::{Finding, Findings, Part, Rule};
use super::image::Image;
use super::storage::Storage;
use super::units::SECTOR_SIZE;

/// Bytes of a block that are looked at together, whatever the header says of a block's size.
const PIECE: usize = 256 * 1024;

/// Finds sectors that hold data although their block's bitmap says that they hold none: readers disagree on what they are,
/// and what was written there is lost when the image is coalesced. One finding for each such block.
///
/// # Errors
/// The image cannot be read.
pub fn check_data<S: Storage>(image: &Image<S>) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    let Some(sparse) = &image.sparse else { return Ok(findings) };
    let mut piece = vec![0; PIECE];
    sparse.bat.for_each(&image.storage, |block, place| {
        let mut bitmap = Bitmap(vec![0; usize::try_from(sparse.bitmap_size()).unwrap_or(0)]);
        let reading = Error::io("reading a block's bitmap", place.offset());
        image.storage.read_at(&mut bitmap.0, place.offset()).map_err(reading)?;
        if bitmap.is_full(sparse.sectors_per_block()) {
            return Ok(());
        }
        let start = place.offset() + sparse.bitmap_size();
        let (mut first, mut count, mut within) = (None, 0u64, 0);
        while within < sparse.block_size() {
            let most = usize::try_from(sparse.block_size() - within).unwrap_or(PIECE).min(PIECE);
            let reading = Error::io("reading a block", start + within);
            let read = image.storage.read_at(&mut piece[..most], start + within).map_err(reading)?;
            for (bit, sector) in (within / SECTOR_SIZE..).zip(piece[..read].chunks(512)) {
                if !bitmap.get(bit) && sector.iter().any(|b| *b != 0) {
                    first = first.or(Some(bit));
                    count += 1;
                }
            }
            // What is missing behind the end of the file is zero.
            if read < most {
                break;
            }
            within += most as u64;
        }
        if let Some(first) = first {
            let at = start + first * SECTOR_SIZE;
            let expected = format!("zeros in the sectors that the bitmap of block {} leaves out", block.0);
            let found = format!("data in {count} of them");
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

    #[test]
    fn a_block_is_as_large_as_the_file_and_not_as_its_header() {
        let storage = Memory::default();
        let image = create_dynamic(&storage, 512, uuid::Uuid::from_u128(1), VhdTime(1));
        image.unwrap().write(Sector(0), &[1; 512]).unwrap();
        let mut image = Image::open(&storage).unwrap();
        image.sparse.as_mut().unwrap().header.block_size = (1 << 30).into();
        let used = allocation_counter::measure(|| assert!(check_data(&image).is_ok())).bytes_max;
        assert!(used < 2 << 20, "{used} bytes");
    }
}
