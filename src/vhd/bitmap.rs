//! Sector bitmaps and the batmap's bits: one bit each, most significant first.

/// The bits of one block's sectors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bitmap(pub(crate) Vec<u8>);

impl Bitmap {
    /// Whether `bit` is set; a bit beyond the map is not.
    pub(crate) fn get(&self, bit: u64) -> bool {
        let byte = usize::try_from(bit / 8).ok().and_then(|i| self.0.get(i));
        byte.is_some_and(|b| b & (0x80 >> (bit % 8)) != 0)
    }

    /// Sets the bits of `range`.
    pub(crate) fn set(&mut self, range: std::ops::Range<u64>) {
        for bit in range {
            if let Some(byte) = usize::try_from(bit / 8).ok().and_then(|i| self.0.get_mut(i)) {
                *byte |= 0x80 >> (bit % 8);
            }
        }
    }

    /// How many bits from `bit` on, up to `most`, are as that one is.
    pub(crate) fn run(&self, bit: u64, most: u64) -> u64 {
        let set = self.get(bit);
        let uniform = if set { 0xff } else { 0 };
        let mut end = bit + 1;
        while end < bit + most {
            let whole = usize::try_from(end / 8).ok().and_then(|i| self.0.get(i)) == Some(&uniform);
            if end.is_multiple_of(8) && whole {
                end += 8;
            } else if self.get(end) == set {
                end += 1;
            } else {
                break;
            }
        }
        (end - bit).min(most)
    }

    /// The last bit that is set.
    pub(crate) fn last(&self) -> Option<u64> {
        let byte = self.0.iter().rposition(|byte| *byte != 0)?;
        Some(byte as u64 * 8 + 7 - u64::from(self.0[byte].trailing_zeros()))
    }

    /// Whether the first `bits` bits are all set.
    pub(crate) fn is_full(&self, bits: u64) -> bool {
        self.get(0) && self.run(0, bits) == bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_the_bits_change() {
        let mut map = Bitmap(vec![0; 512]);
        map.set(3..40);
        map.set(41..42);
        assert_eq!((map.run(0, 4096), map.run(3, 4096), map.run(40, 4096)), (3, 37, 1));
        assert_eq!((map.run(42, 4054), map.run(4, 7)), (4054, 7));
        map.set(0..4096);
        assert!(map.is_full(4096));
    }

    #[test]
    fn the_last_bit_is_found() {
        let mut map = Bitmap(vec![0; 512]);
        assert_eq!(map.last(), None);
        for bit in [0, 7, 8, 21, 4095] {
            map.set(bit..bit + 1);
            assert_eq!(map.last(), Some(bit));
        }
    }
}
