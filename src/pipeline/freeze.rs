//! A VHD as a stream, whose metadata was read once and stays what it was then.
//!
//! A leaf that is attached has no valid footer at its end, and blocks may be added to it while it is read; below it the
//! garbage collector may be at work. So both footers, the header, the BAT and the batmap are taken at the beginning,
//! from the copy of the footer on, and every byte of them in the stream comes from there; only data is read as the
//! stream goes by. The stream ends behind the last block of that BAT, with a footer.

use std::fs::File;
use std::io::{self, Read};

use crate::vhd::{self, Image, MetadataPiece, Storage};

/// Bytes read from the file at once.
const PIECE: u64 = 256 * 1024;

/// The image at one moment; reads as the file would if it had been closed properly then.
pub(crate) struct Frozen {
    image: Image<File>,
    metadata: Vec<MetadataPiece>,
    len: u64,
    at: u64,
    piece: Vec<u8>,
    used: usize,
}

impl Frozen {
    /// Freezes `image`; `hidden` is what its flag becomes.
    pub(crate) fn new(image: Image<File>, hidden: bool) -> Result<Self, vhd::Error> {
        let metadata = image.metadata(hidden)?;
        let len = metadata.iter().map(MetadataPiece::end).max().unwrap_or(0);
        Ok(Self { image, metadata, len, at: 0, piece: Vec::new(), used: 0 })
    }

    /// Length of the stream, bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    fn next_piece(&mut self) -> io::Result<()> {
        let count = PIECE.min(self.len - self.at);
        self.piece.resize(usize::try_from(count).unwrap_or(0), 0);
        self.used = 0;
        let n = Storage::read_at(self.image.storage(), &mut self.piece, self.at)?;
        // The file may end inside the last block: what is missing is zero.
        self.piece[n..].fill(0);
        for frozen in &self.metadata {
            frozen.lay_over(&mut self.piece, self.at);
        }
        self.at += count;
        Ok(())
    }
}

impl Read for Frozen {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.used == self.piece.len() && self.at < self.len {
            self.next_piece()?;
        }
        let n = buf.len().min(self.piece.len() - self.used);
        buf[..n].copy_from_slice(&self.piece[self.used..self.used + n]);
        self.used += n;
        Ok(n)
    }
}
