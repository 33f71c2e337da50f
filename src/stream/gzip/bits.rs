//! A deflate stream as bits, the lowest of a byte first.

#![expect(clippy::cast_possible_truncation, reason = "a few bits at a time")]

/// A stream, and the next bit in it.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    pub(super) stream: &'a [u8],
    pub(super) at: usize,
}

impl Bits<'_> {
    /// At least the next 56 bits; behind the end there are zeros.
    pub(super) fn peek(&self) -> u64 {
        word(self.stream, self.at / 8) >> (self.at % 8)
    }

    /// The next bits, if the stream has as many.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        let value = self.peek() & ((1 << count) - 1);
        self.at += count as usize;
        (self.at <= 8 * self.stream.len()).then_some(value as u32)
    }
}

/// The next bits of a stream in a word of their own, so that looking them up does not wait for memory.
pub(super) struct Window {
    pub(super) bits: u64,
    /// How many of them count.
    count: u32,
    /// The byte behind the last that is whole in there.
    next: usize,
}

impl Window {
    pub(super) fn at(bits: Bits<'_>) -> Self {
        let within = (bits.at % 8) as u32;
        let first = u64::from(bits.stream.get(bits.at / 8).copied().unwrap_or_default());
        Self { bits: first >> within, count: 8 - within, next: bits.at / 8 + 1 }
    }

    /// Brings at least 56 bits; behind the end there are zeros.
    #[inline]
    pub(super) fn refill(&mut self, stream: &[u8]) {
        self.bits |= word(stream, self.next) << self.count;
        self.next += (63 - self.count as usize) / 8;
        self.count |= 56;
    }

    #[inline]
    pub(super) fn skip(&mut self, bits: u8) {
        self.bits >>= bits;
        self.count -= u32::from(bits);
    }

    /// Whether nothing in it is of the stream any more.
    #[inline]
    pub(super) fn is_behind(&self, stream: &[u8]) -> bool {
        self.next > stream.len() + 8
    }

    /// Where it is, in bits of the stream.
    pub(super) fn position(&self) -> usize {
        8 * self.next - self.count as usize
    }
}

/// Eight bytes from `at` on; behind the end there are zeros.
#[inline]
fn word(stream: &[u8], at: usize) -> u64 {
    let rest = stream.get(at..).unwrap_or_default();
    let word = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        word
    });
    u64::from_le_bytes(word)
}
