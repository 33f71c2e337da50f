//! The fuzzer's bytes as numbers, texts and choices. What is missing at the end is zero, and nothing here fails.

/// Bytes that are taken from the front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes, or as many as there are.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let (mut array, taken) = ([0; N], self.take(N));
        array[..taken.len()].copy_from_slice(taken);
        array
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub(crate) fn short(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    /// One of `choices` numbers, 0 included.
    pub(crate) fn choice(&mut self, choices: usize) -> usize {
        usize::from(self.short()) % choices.max(1)
    }

    /// A counted text of up to 255 bytes.
    pub(crate) fn text(&mut self) -> String {
        let count = self.byte().into();
        String::from_utf8_lossy(self.take(count)).into_owned()
    }
}
