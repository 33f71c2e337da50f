//! A VHD as a stream, whose metadata was read once and stays what it was then.
//!
//! A leaf that is attached has no valid footer at its end, and blocks may be added to it while it is read; below it the
//! garbage collector may be at work. So both footers, the header, the BAT and the batmap are taken at the beginning,
//! from the copy of the footer on, and every byte of them in the stream comes from there; only data is read as the
//! stream goes by, and its holes are not read. The stream ends behind the last block of that BAT, with a footer.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;

use super::content::Content;
use crate::vhd::{self, Image, MetadataPiece, Storage};

/// The image at one moment; reads as the file would if it had been closed properly then.
pub(crate) struct Frozen {
    image: Image<File>,
    metadata: Vec<MetadataPiece>,
    len: u64,
    at: u64,
    /// The run of data in the file that ends behind `at`.
    data: Range<u64>,
}

impl Frozen {
    /// Freezes `image`; `hidden` is what its flag becomes.
    pub(crate) fn new(image: Image<File>, hidden: bool) -> Result<Self, vhd::Error> {
        let metadata = image.metadata(hidden)?;
        let len = metadata.iter().map(MetadataPiece::end).max().unwrap_or(0);
        Ok(Self { image, metadata, len, at: 0, data: 0..0 })
    }

    /// Length of the stream, bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Where, from here on, something of the file or of its metadata comes.
    fn next_content(&mut self) -> io::Result<u64> {
        if self.at >= self.data.end {
            let file = self.image.storage();
            self.data = file.next_data(self.at, file.metadata()?.len())?;
            if self.data.is_empty() {
                self.data = self.len..self.len;
            }
        }
        let ahead = self.metadata.iter().filter(|piece| piece.end() > self.at);
        let metadata = ahead.map(|piece| piece.offset.max(self.at)).min().unwrap_or(self.len);
        Ok(self.data.start.max(self.at).min(metadata).min(self.len))
    }
}

impl Read for Frozen {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len - self.at).unwrap_or(usize::MAX);
        let most = buf.len().min(left);
        let buf = &mut buf[..most];
        let n = Storage::read_at(self.image.storage(), buf, self.at)?;
        // The file may end inside the last block: what is missing is zero.
        buf[n..].fill(0);
        for frozen in &self.metadata {
            frozen.lay_over(buf, self.at);
        }
        self.at += buf.len() as u64;
        Ok(buf.len())
    }
}

impl Content for Frozen {
    fn skip_hole(&mut self) -> io::Result<u64> {
        let content = self.next_content()?;
        let hole = content - self.at;
        self.at = content;
        Ok(hole)
    }
}
