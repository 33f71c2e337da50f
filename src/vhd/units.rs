//! Units of the format: what a bare integer would let us confuse.

/// Bytes in a sector, on the virtual disk and in the file alike.
pub const SECTOR_SIZE: u64 = 512;

/// Bytes of data in a block as XenServer writes it; the storage manager and blktap handle no other size.
pub const BLOCK_SIZE: u32 = 2 << 20;

/// Largest virtual disk the storage manager accepts: 2040 GiB.
pub const MAX_VIRTUAL_SIZE: u64 = 2040 << 30;

/// A sector of the *virtual disk*, counted from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sector(pub u64);

/// A block of the virtual disk: an index into the block allocation table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockIndex(pub u32);

/// A sector of the *file*: the value of an allocated BAT entry, where the block's bitmap starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileSector(pub u32);

impl FileSector {
    /// The byte offset of this sector in the file.
    #[must_use]
    pub fn offset(self) -> u64 {
        u64::from(self.0) * SECTOR_SIZE
    }
}

/// `bytes` rounded up to whole sectors. Saturates, so that a lying field becomes an impossible size and not a small one.
pub(crate) fn padded(bytes: u64) -> u64 {
    bytes.checked_next_multiple_of(SECTOR_SIZE).unwrap_or(u64::MAX - (u64::MAX % SECTOR_SIZE))
}
