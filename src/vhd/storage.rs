//! The file trait: all that the engine asks of whatever holds an image.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::{FileExt, FileTypeExt};

use rustix::fs::{SeekFrom as Seek, seek};
use rustix::io::Errno;

/// A byte-addressed file that may be read, written and cut.
///
/// Methods take `&self`: an image has one owner, and positioned I/O needs no cursor.
pub trait Storage {
    /// Current length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether there is nothing in it.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Reads up to `buf.len()` bytes at `offset`; fewer only at the end of the file.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `buf` at `offset`, extending the file where needed.
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts or extends the file; what is new reads as zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes everything written so far durable.
    fn sync(&self) -> io::Result<()>;

    /// Whether the length cannot change: a block device. The footer of an image on one lies in its last sector, wherever
    /// the data ends, and [`Self::set_len`] does nothing.
    fn is_fixed_length(&self) -> io::Result<bool> {
        Ok(false)
    }

    /// The first run of data that ends behind byte `at`, cut off in front of that and at `end`; what lies between the two
    /// reads as zeros. An empty one, at `end`, where nothing else comes. All of it, for whoever cannot tell.
    ///
    /// # Errors
    /// What the system said.
    fn next_data(&self, at: u64, end: u64) -> io::Result<Range<u64>> {
        Ok(at.min(end)..end)
    }

    /// Fills `buf` from `offset`, or fails with `UnexpectedEof`.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        if self.read_at(buf, offset)? == buf.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

impl Storage for File {
    fn len(&self) -> io::Result<u64> {
        let metadata = self.metadata()?;
        if metadata.file_type().is_block_device() {
            // The length of a device is where a seek to its end arrives; all I/O here carries its own position.
            return (&*self).seek(SeekFrom::End(0));
        }
        Ok(metadata.len())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buf.len() {
            match FileExt::read_at(self, &mut buf[done..], offset.saturating_add(done as u64)) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(done)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(buf, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.is_fixed_length()? { Ok(()) } else { File::set_len(self, len) }
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn is_fixed_length(&self) -> io::Result<bool> {
        Ok(self.metadata()?.file_type().is_block_device())
    }

    fn next_data(&self, at: u64, end: u64) -> io::Result<Range<u64>> {
        if at >= end {
            return Ok(end..end);
        }
        let start = match seek(self, Seek::Data(at)) {
            Ok(start) => start.min(end),
            Err(Errno::NXIO) => return Ok(end..end),
            // A file system, or a device, that cannot tell.
            Err(Errno::INVAL) => at,
            Err(error) => return Err(error.into()),
        };
        let hole = seek(self, Seek::Hole(start)).unwrap_or(end);
        Ok(start..hole.clamp(start, end))
    }
}

impl<S: Storage + ?Sized> Storage for &S {
    fn len(&self) -> io::Result<u64> {
        (**self).len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        (**self).write_at(buf, offset)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        (**self).set_len(len)
    }
    fn sync(&self) -> io::Result<()> {
        (**self).sync()
    }
    fn is_fixed_length(&self) -> io::Result<bool> {
        (**self).is_fixed_length()
    }
    fn next_data(&self, at: u64, end: u64) -> io::Result<Range<u64>> {
        (**self).next_data(at, end)
    }
}
