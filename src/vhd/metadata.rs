//! All metadata of an image as pieces of bytes: for whoever copies an image that may change meanwhile.

use zerocopy::IntoBytes;

use super::error::Error;
use super::finding::{Finding, Part, Rule};
use super::format::UNALLOCATED;
use super::image::{Image, Sparse};
use super::storage::Storage;
use super::units::{FileSector, SECTOR_SIZE, padded};

/// Some bytes of an image, and where they belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataPiece {
    /// Byte offset in the file.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl MetadataPiece {
    /// Offset of the first byte behind it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.bytes.len() as u64)
    }

    /// Puts those of its bytes that belong there into `buf`, which is the file's content from `start` on.
    pub fn lay_over(&self, buf: &mut [u8], start: u64) {
        let (from, to) = (self.offset.max(start), self.end().min(start.saturating_add(buf.len() as u64)));
        if from < to {
            // Both differences are less than the length of a buffer.
            let index = |at: u64, base: u64| usize::try_from(at - base).unwrap_or(usize::MAX);
            let source = &self.bytes[index(from, self.offset)..index(to, self.offset)];
            buf[index(from, start)..index(to, start)].copy_from_slice(source);
        }
    }
}

impl<S: Storage> Image<S> {
    /// The image's metadata as it is now: the footer at both its places, header, BAT and batmap. Whatever footer the
    /// image was opened by is the one in both places, with the hidden flag as given; the one at the end lies where this
    /// very BAT says that the data ends.
    ///
    /// The batmap is read before the BAT: a block that becomes full in between is merely not marked.
    ///
    /// Memory: that of BAT and batmap, at most 4.2 MiB for the largest disk of the storage manager.
    ///
    /// # Errors
    /// The file cannot be read, or is shorter than its footer, header or BAT claims.
    pub fn metadata(&self, hidden: bool) -> Result<Vec<MetadataPiece>, Error> {
        let mut footer = self.footer().clone();
        footer.hidden = u8::from(hidden);
        footer.seal();
        let footer = footer.as_bytes().to_vec();
        let len = self.storage.len().map_err(Error::io("finding the file's length", 0))?;
        let mut pieces = Vec::new();
        let mut end = self.data_end_at_least();
        if end > len {
            let expected = format!("at least {end} bytes");
            return Err(Finding::new(Part::File, Rule::BlockPastEnd, len, expected, len).into());
        }
        if let Some(sparse) = &self.sparse {
            if let Some(batmap) = &sparse.batmap {
                pieces.push(self.piece(batmap.offset, SECTOR_SIZE, len)?);
                pieces.push(self.piece(batmap.header.offset.get(), batmap.checked_bytes(), len)?);
            }
            let bat =
                self.piece(sparse.header.table_offset.get(), u64::from(sparse.bat.blocks()) * 4, len)?;
            end = end.max(last_block_end(sparse, &bat.bytes, self.virtual_size(), len)?);
            pieces.push(bat);
            let header = sparse.header.as_bytes().to_vec();
            pieces.push(MetadataPiece { offset: sparse.header_offset, bytes: header });
            pieces.push(MetadataPiece { offset: 0, bytes: footer.clone() });
        }
        pieces.push(MetadataPiece { offset: end, bytes: footer });
        Ok(pieces)
    }

    fn piece(&self, offset: u64, len: u64, file_len: u64) -> Result<MetadataPiece, Error> {
        let inside =
            offset.checked_add(len).filter(|end| *end <= file_len).and_then(|_| usize::try_from(len).ok());
        let len =
            inside.ok_or_else(|| Error::Refused(format!("{len} bytes of metadata at byte {offset}")))?;
        let mut bytes = vec![0; len];
        self.storage.read_exact_at(&mut bytes, offset).map_err(Error::io("reading the metadata", offset))?;
        Ok(MetadataPiece { offset, bytes })
    }
}

/// Where the last block in the file ends, by `bat`; 0 when there is none. All of its data that belongs to the disk has
/// to be in the file.
fn last_block_end(sparse: &Sparse, bat: &[u8], disk: u64, file_len: u64) -> Result<u64, Error> {
    let (bitmap, block) = (sparse.bitmap_size(), sparse.block_size());
    let mut last = 0;
    for (index, entry) in (0u64..).zip(bat.chunks_exact(4)) {
        let place = u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]);
        if place == UNALLOCATED {
            continue;
        }
        let start = FileSector(place).offset();
        let used = start + bitmap + block.min(padded(disk.saturating_sub(index * block)));
        if used > file_len {
            let expected = format!("block {index} to end before byte {file_len}");
            let at = sparse.header.table_offset.get() + index * 4;
            return Err(
                Finding::new(Part::Bat, Rule::BlockPastEnd, at, expected, format!("byte {used}")).into()
            );
        }
        last = last.max(start + bitmap + block);
    }
    Ok(last)
}
