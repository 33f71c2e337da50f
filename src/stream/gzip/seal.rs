//! Making the last block of a deflate stream one that others may follow.
//!
//! libdeflate writes whole streams only: the last block says that it is the last. Where that block begins is not told, so
//! the stream is walked, symbol by symbol but without decoding anything.

#![expect(clippy::cast_possible_truncation, reason = "a few bits at a time")]

use super::code::{Code, Entry, SYMBOLS, Table, Then};

/// The order in which the lengths of the code length code come.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Turns the deflate stream that is `out` from `start` on into one that does not end: its last block is no longer marked
/// so, and an empty stored block behind it brings the next to a byte's edge. `None` if it is no deflate stream.
pub(super) fn seal(out: &mut Vec<u8>, start: usize) -> Option<()> {
    let (last, end) = walk(&out[start..])?;
    out[start + last / 8] &= !(1 << (last % 8));
    out.truncate(start + end.div_ceil(8));
    // The three bits of its header are zero. So are the bits behind the end.
    if !(1..=5).contains(&(end % 8)) {
        out.push(0);
    }
    out.extend_from_slice(&[0, 0, 0xff, 0xff]);
    Some(())
}

/// Where, in bits, the last block's header begins, and where the stream ends.
fn walk(stream: &[u8]) -> Option<(usize, usize)> {
    let mut bits = Bits { stream, at: 0 };
    loop {
        let header = bits.at;
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => {
                bits.at = bits.at.next_multiple_of(8);
                let (len, not) = (bits.take(16)?, bits.take(16)?);
                if len ^ not != 0xffff {
                    return None;
                }
                bits.at += 8 * len as usize;
            }
            1 => {
                let mut lengths = [8; SYMBOLS];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                block(&mut bits, &Table::of_symbols(&lengths)?, &Table::of_distances(&[5; 30])?)?;
            }
            2 => {
                let (symbols, distances) = tables(&mut bits)?;
                block(&mut bits, &symbols, &distances)?;
            }
            _ => return None,
        }
        if bits.at > 8 * stream.len() {
            return None;
        }
        if last {
            return Some((header, bits.at));
        }
    }
}

/// Reads the codes of a block that brings its own.
fn tables(bits: &mut Bits<'_>) -> Option<(Table, Table)> {
    let (literals, distances) = (257 + bits.take(5)? as usize, 1 + bits.take(5)? as usize);
    let mut lengths = [0; 19];
    for place in ORDER.iter().take(4 + bits.take(4)? as usize) {
        lengths[*place] = u8::try_from(bits.take(3)?).ok()?;
    }
    let code = Code::of(&lengths)?;
    let mut all = Vec::with_capacity(literals + distances);
    while all.len() < literals + distances {
        let (symbol, width) = code.find(bits.peek())?;
        bits.at += width;
        let (value, times) = match symbol {
            16 => (*all.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (u8::try_from(length).ok()?, 1),
        };
        all.extend(std::iter::repeat_n(value, times as usize));
    }
    if all.len() > literals + distances {
        return None;
    }
    Some((Table::of_symbols(&all[..literals])?, Table::of_distances(&all[literals..])?))
}

/// Goes to the end of a block of symbols.
fn block(bits: &mut Bits<'_>, symbols: &Table, distances: &Table) -> Option<()> {
    let mut window = Window::at(bits);
    loop {
        // Enough for whatever comes: literals of 11 bits or a length of 15 and 5, and its distance of 15 and 13.
        window.refill(bits.stream);
        let mut entry = symbols.look(window.bits);
        if entry.then == Then::Unknown {
            entry = symbols.look_long(window.bits)?;
        }
        window.drop(entry);
        match entry.then {
            Then::Distance => {
                let mut distance = distances.look(window.bits);
                if distance.then == Then::Unknown {
                    distance = distances.look_long(window.bits)?;
                }
                window.drop(distance);
            }
            Then::End => {
                bits.at = window.position();
                return Some(());
            }
            Then::Symbol | Then::Unknown => {}
        }
        if window.next > bits.stream.len() + 8 {
            return None;
        }
    }
}

/// The next bits of a stream in one word, so that looking them up does not wait for memory.
struct Window {
    bits: u64,
    /// How many of them count.
    count: u32,
    /// The byte behind the last that is whole in there.
    next: usize,
}

impl Window {
    fn at(bits: &Bits<'_>) -> Self {
        let within = (bits.at % 8) as u32;
        let first = u64::from(bits.stream.get(bits.at / 8).copied().unwrap_or_default());
        Self { bits: first >> within, count: 8 - within, next: bits.at / 8 + 1 }
    }

    /// Brings at least 56 bits; behind the end there are zeros.
    #[inline]
    fn refill(&mut self, stream: &[u8]) {
        let rest = stream.get(self.next..).unwrap_or_default();
        let word = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            word
        });
        self.bits |= u64::from_le_bytes(word) << self.count;
        self.next += (63 - self.count as usize) / 8;
        self.count |= 56;
    }

    #[inline]
    fn drop(&mut self, entry: Entry) {
        self.bits >>= entry.bits;
        self.count -= u32::from(entry.bits);
    }

    /// Where it is, in bits of the stream.
    fn position(&self) -> usize {
        8 * self.next - self.count as usize
    }
}

/// A stream of bits, the lowest of a byte first.
struct Bits<'a> {
    stream: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// At least the next 56 bits; behind the end there are zeros.
    fn peek(&self) -> u64 {
        let rest = self.stream.get(self.at / 8..).unwrap_or_default();
        let word = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            word
        });
        u64::from_le_bytes(word) >> (self.at % 8)
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        let value = self.peek() & ((1 << count) - 1);
        self.at += count as usize;
        (self.at <= 8 * self.stream.len()).then_some(value as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libdeflater::{CompressionLvl, Compressor};

    /// Content of many kinds: runs, few symbols, many, far matches.
    fn content(seed: u64, len: usize) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as usize
        };
        let mut out = Vec::new();
        while out.len() < len {
            match next() % 4 {
                0 => out.extend(std::iter::repeat_n(next() as u8, next() % 700)),
                1 => out.extend((0..next() % 300).map(|_| b'a' + (next() % 7) as u8)),
                2 => out.extend((0..next() % 300).map(|_| next() as u8)),
                _ if out.is_empty() => {}
                _ => {
                    let from = next() % out.len();
                    let copy = out[from..(from + next() % 400).min(out.len())].to_vec();
                    out.extend(copy);
                }
            }
        }
        out.truncate(len);
        out
    }

    #[test]
    fn a_sealed_stream_goes_on_where_it_ends() {
        for seed in 0..400u64 {
            let content = content(
                seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                [9, 300, 5000, 70_000, 262_144][seed as usize % 5],
            );
            let mut compressor = Compressor::new(CompressionLvl::new(seed as i32 % 12 + 1).unwrap());
            let mut out = b"before".to_vec();
            for _ in 0..2 {
                let start = out.len();
                out.resize(start + compressor.deflate_compress_bound(content.len()), 0);
                let len = compressor.deflate_compress(&content, &mut out[start..]).unwrap();
                out.truncate(start + len);
                seal(&mut out, start).unwrap();
                assert_eq!(out[out.len() - 4..], [0, 0, 0xff, 0xff]);
            }
            out.extend([1, 0, 0, 0xff, 0xff]);
            let mut back = Vec::new();
            let mut decoder = flate2::read::DeflateDecoder::new(&out[b"before".len()..]);
            std::io::Read::read_to_end(&mut decoder, &mut back).unwrap();
            assert!(back == [content.clone(), content].concat(), "seed {seed}");
        }
    }

    #[test]
    fn what_is_no_stream_is_left() {
        for bytes in [&[][..], &[7], &[0xff; 40], &[0, 1, 0], &[4, 0, 0, 0]] {
            assert_eq!(seal(&mut bytes.to_vec(), 0), None, "{bytes:?}");
        }
    }
}
