//! Huffman codes of deflate, for whoever wants to know how long the codes in a stream are, and not what they say.

#![expect(clippy::cast_possible_truncation, reason = "a few bits at a time")]

/// Bits that are looked up at once. Codes that are longer are looked for one by one; they are rare by their nature.
const WIDTH: u32 = 11;
/// Longest code, bits.
const LONGEST: usize = 15;
/// Literals, end of block, lengths.
pub(super) const SYMBOLS: usize = 288;
const END: usize = 256;
/// Extra bits of the length codes 257 to 285, and of the distance codes.
const LENGTH_EXTRA: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_EXTRA: [u8; 30] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
/// What follows the bits of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Another symbol.
    Symbol,
    /// The distance of a match.
    Distance,
    /// Another block.
    End,
    /// The code is longer than the table is wide, or there is none.
    Unknown,
}

/// One symbol or several, with their extra bits.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Of the codes and what comes with them.
    pub(super) bits: u8,
    pub(super) then: Then,
}

/// A code, by its lengths: RFC 1951, 3.2.2.
pub(super) struct Code {
    /// Codes of each length.
    count: [u16; LONGEST + 1],
    /// Symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    pub(super) fn of(lengths: &[u8]) -> Option<Self> {
        let mut count = [0; LONGEST + 1];
        for length in lengths {
            *count.get_mut(usize::from(*length))? += 1;
        }
        count[0] = 0;
        let mut place = [0; LONGEST + 2];
        for length in 1..=LONGEST {
            place[length + 1] = place[length] + usize::from(count[length]);
        }
        let mut symbols = vec![0; place[LONGEST + 1]];
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let place = &mut place[usize::from(*length)];
            symbols[*place] = u16::try_from(symbol).ok()?;
            *place += 1;
        }
        Some(Self { count, symbols })
    }

    /// The symbol whose code the lowest of `bits` spell, and its length.
    pub(super) fn find(&self, bits: u64) -> Option<(usize, usize)> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for length in 1..=LONGEST {
            code |= (bits >> (length - 1)) as usize & 1;
            let count = usize::from(self.count[length]);
            if code < first + count {
                return Some((usize::from(self.symbols[index + code - first]), length));
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// What the next bits are, for all values that they may have.
pub(super) struct Table {
    code: Code,
    extra: fn(usize) -> Option<Entry>,
    entries: Box<[Entry; 1 << WIDTH]>,
}

impl Table {
    pub(super) fn of_symbols(lengths: &[u8]) -> Option<Self> {
        let mut table = Self::of(lengths, |symbol| {
            let entry = |bits, then| Some(Entry { bits, then });
            match symbol {
                0..END => entry(0, Then::Symbol),
                END => entry(0, Then::End),
                _ => entry(*LENGTH_EXTRA.get(symbol - END - 1)?, Then::Distance),
            }
        })?;
        *table.entries = std::array::from_fn(|place| table.joined(place));
        Some(table)
    }

    pub(super) fn of_distances(lengths: &[u8]) -> Option<Self> {
        Self::of(lengths, |symbol| Some(Entry { bits: *DISTANCE_EXTRA.get(symbol)?, then: Then::Symbol }))
    }

    fn of(lengths: &[u8], extra: fn(usize) -> Option<Entry>) -> Option<Self> {
        let code = Code::of(lengths)?;
        let unknown = Entry { bits: 0, then: Then::Unknown };
        let mut table = Self { code, extra, entries: Box::new([unknown; 1 << WIDTH]) };
        table.fill(lengths)?;
        Some(table)
    }

    /// Enters each code that is short enough at all places whose lowest bits are it.
    fn fill(&mut self, lengths: &[u8]) -> Option<()> {
        let (mut next, mut code) = ([0usize; LONGEST + 2], 0);
        for (length, fewer) in self.code.count.iter().enumerate().take(LONGEST) {
            code = (code + usize::from(*fewer)) << 1;
            next[length + 1] = code;
        }
        for (symbol, length) in lengths.iter().enumerate() {
            let length = u32::from(*length);
            if length == 0 {
                continue;
            }
            let code = next[length as usize];
            next[length as usize] += 1;
            if length > WIDTH {
                continue;
            }
            // Codes come with their highest bit first.
            let reversed = code.reverse_bits() >> (usize::BITS - length);
            // The fixed code has codes for two lengths that there are not.
            let Some(Entry { bits, then }) = (self.extra)(symbol) else { continue };
            for place in (reversed..1 << WIDTH).step_by(1 << length) {
                self.entries[place] = Entry { bits: bits + u8::try_from(length).ok()?, then };
            }
        }
        Some(())
    }

    /// The literals that the bits of `place` spell, and what comes behind them if its code is whole in there, as one entry.
    fn joined(&self, place: usize) -> Entry {
        let mut all = self.entries[place];
        while all.then == Then::Symbol && u32::from(all.bits) < WIDTH {
            let next = self.entries[place >> all.bits];
            let known = WIDTH - u32::from(all.bits);
            // Counting extra bits as code leaves a few of them out, and is simple.
            if next.then == Then::Unknown || u32::from(next.bits) > known {
                break;
            }
            all = Entry { bits: all.bits + next.bits, then: next.then };
        }
        all
    }

    /// What the lowest of `bits` are, if the table is wide enough for it.
    pub(super) fn look(&self, bits: u64) -> Entry {
        self.entries[bits as usize & ((1 << WIDTH) - 1)]
    }

    /// The same, for a code that may be longer.
    #[cold]
    pub(super) fn look_long(&self, bits: u64) -> Option<Entry> {
        let (symbol, length) = self.code.find(bits)?;
        let Entry { bits, then } = (self.extra)(symbol)?;
        Some(Entry { bits: bits + u8::try_from(length).ok()?, then })
    }
}
