//! The checksum of footers and headers: one's complement of the sum of all bytes, its own field counted as zero.

use std::ops::Range;

/// The checksum of `bytes`, whose own checksum field lies at `field`.
pub(crate) fn of(bytes: &[u8], field: Range<usize>) -> u32 {
    let sum = |part: &[u8]| part.iter().fold(0u32, |sum, b| sum.wrapping_add(u32::from(*b)));
    !sum(bytes).wrapping_sub(sum(&bytes[field]))
}
