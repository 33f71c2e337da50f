//! A file whose reader is told of every byte, and stops when a signal has come: for work that reads all over a file.

use std::fs::File;
use std::io;

use crate::os;
use crate::vhd::Storage;

/// The file, and who is told how many bytes were read.
pub(super) struct Watched<'a> {
    pub(super) file: &'a File,
    pub(super) seen: &'a dyn Fn(u64),
}

impl Storage for Watched<'_> {
    fn len(&self) -> io::Result<u64> {
        Storage::len(self.file)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        os::stop::check()?;
        let read = Storage::read_at(self.file, buf, offset)?;
        (self.seen)(read as u64);
        Ok(read)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        Storage::write_at(self.file, buf, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        Storage::set_len(self.file, len)
    }

    fn sync(&self) -> io::Result<()> {
        Storage::sync(self.file)
    }

    fn is_fixed_length(&self) -> io::Result<bool> {
        self.file.is_fixed_length()
    }
}
