//! Where a file holds data, and where there is a hole.

use std::fs::File;
use std::io;
use std::ops::Range;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

/// The first run of data in `file` that ends behind byte `at`, cut off in front of that; an empty one at `len`, the file's
/// length, where only a hole is left. A file system that cannot tell has data everywhere. Moves the file's cursor.
///
/// # Errors
/// What the system said.
pub(super) fn next_data(file: &File, at: u64, len: u64) -> io::Result<Range<u64>> {
    if at >= len {
        return Ok(len..len);
    }
    let start = match seek(file, SeekFrom::Data(at)) {
        Ok(start) => start.min(len),
        Err(Errno::NXIO) => return Ok(len..len),
        Err(Errno::INVAL) => at,
        Err(error) => return Err(error.into()),
    };
    let end = seek(file, SeekFrom::Hole(start)).unwrap_or(len).clamp(start, len);
    Ok(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    #[test]
    fn holes_are_told_from_data() {
        let file = tempfile::tempfile().unwrap();
        let (len, written) = (8 << 20, 1 << 20);
        file.set_len(len).unwrap();
        file.write_all_at(&vec![1; 4096], 2 << 20).unwrap();
        file.write_all_at(&[0; 4096], 4 << 20).unwrap();
        let first = next_data(&file, 0, len).unwrap();
        assert!(first.start <= 2 << 20 && first.end >= (2 << 20) + 4096 && first.end <= len, "{first:?}");
        assert_eq!(next_data(&file, len, len).unwrap(), len..len);
        let last = next_data(&file, (4 << 20) + written, len).unwrap();
        assert!(last == (len..len) || last.start == (4 << 20) + written, "{last:?}");
    }
}
