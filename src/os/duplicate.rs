//! Copying a file: by sharing its storage where the file system can, else by its data, leaving its holes.

use std::fs::File;
use std::io;

use rustix::fs::{copy_file_range, ioctl_ficlone};
use rustix::io::{Errno, retry_on_intr};

use super::Writeback;
use super::holes::next_data;

/// How a copy was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplication {
    /// The blocks are shared until one side writes.
    Reflink,
    /// The data was copied, the holes were left.
    Sparse,
}

/// Most bytes asked of the kernel at once: small enough for progress to move.
const PIECE: u64 = 16 << 20;

/// Makes `to` share the storage of `from`, until one of them is written.
///
/// # Errors
/// The file system cannot, or the two are on different ones.
pub fn reflink(from: &File, to: &File) -> io::Result<()> {
    Ok(retry_on_intr(|| ioctl_ficlone(to, from))?)
}

/// Copies the whole of `from` into the empty file `to`; `copied` hears of every piece.
///
/// # Errors
/// What the system said; a signal came.
pub fn duplicate(from: &File, to: &File, mut copied: impl FnMut(u64)) -> io::Result<Duplication> {
    let len = from.metadata()?.len();
    if reflink(from, to).is_ok() {
        copied(len);
        return Ok(Duplication::Reflink);
    }
    to.set_len(len)?;
    let (mut at, mut writeback) = (0, Writeback::default());
    while at < len {
        let data = next_data(from, at, len)?;
        copied(data.start - at);
        at = data.start;
        while at < data.end {
            super::stop::check()?;
            let n = copy_piece(from, to, at, (data.end - at).min(PIECE))?;
            if n == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file shrank while it was copied",
                ));
            }
            at += n;
            copied(n);
            writeback.written(to, at);
        }
    }
    Ok(Duplication::Sparse)
}

fn copy_piece(from: &File, to: &File, at: u64, most: u64) -> io::Result<u64> {
    use std::os::unix::fs::FileExt;
    let (mut read, mut write) = (at, at);
    let count = usize::try_from(most).unwrap_or(usize::MAX);
    match retry_on_intr(|| copy_file_range(from, Some(&mut read), to, Some(&mut write), count)) {
        Ok(n) => Ok(n as u64),
        // Old kernels copy only within one file system, some file systems not at all.
        Err(Errno::XDEV | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL) => {
            let mut buffer = vec![0; count.min(1 << 20)];
            let n = super::again(|| from.read_at(&mut buffer, at))?;
            to.write_all_at(&buffer[..n], at)?;
            Ok(n as u64)
        }
        Err(e) => Err(e.into()),
    }
}
