//! A pickle as bytes with a position: fixed fields, counted fields and lines, nothing allocated.

use super::PickleError;

pub(super) struct Input<'p> {
    bytes: &'p [u8],
    position: usize,
}

impl<'p> Input<'p> {
    pub(super) fn new(bytes: &'p [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'p [u8], PickleError> {
        let rest = &self.bytes[self.position..];
        let taken = rest.get(..count).ok_or(PickleError::Truncated { offset: self.bytes.len() })?;
        self.position += count;
        Ok(taken)
    }

    /// The next `N` bytes as an array, for `from_le_bytes` and its like.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(self.array::<1>()?[0])
    }

    /// The bytes before the next newline, which is taken, too.
    pub(super) fn line(&mut self) -> Result<&'p [u8], PickleError> {
        let rest = &self.bytes[self.position..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or(PickleError::Truncated { offset: self.bytes.len() })?;
        self.position += end + 1;
        Ok(&rest[..end])
    }

    /// Bytes after their own count of one byte.
    pub(super) fn counted1(&mut self) -> Result<&'p [u8], PickleError> {
        let count = self.byte()?;
        self.take(count.into())
    }

    /// Bytes after their own count of four bytes, little-endian. Python writes no count here above 2³¹.
    pub(super) fn counted4(&mut self) -> Result<&'p [u8], PickleError> {
        let count = u32::from_le_bytes(self.array()?);
        self.counted(count.into())
    }

    /// Bytes after their own count of eight bytes, little-endian.
    pub(super) fn counted8(&mut self) -> Result<&'p [u8], PickleError> {
        let count = u64::from_le_bytes(self.array()?);
        self.counted(count)
    }

    fn counted(&mut self, count: u64) -> Result<&'p [u8], PickleError> {
        match usize::try_from(count) {
            Ok(count) => self.take(count),
            Err(_) => Err(PickleError::Truncated { offset: self.bytes.len() }),
        }
    }
}
