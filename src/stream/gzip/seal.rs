//! Making the last block of a deflate stream one that others may follow.
//!
//! libdeflate writes whole streams only: the last block says that it is the last. Where that block begins is not told:
//! [`last_blocks`](super::walk::last_blocks) finds it.

use super::walk::Last;

/// Turns the deflate stream that is `out` from `start` on, and whose last block is `last`, into one that does not end: its
/// last block is no longer marked so, and an empty stored block behind it brings the next to a byte's edge.
pub(super) fn seal(out: &mut Vec<u8>, start: usize, last: Last) {
    let Last { header, end } = last;
    out[start + header / 8] &= !(1 << (header % 8));
    out.truncate(start + end.div_ceil(8));
    // The three bits of its header are zero, and so are those that fill the byte.
    if let (Some(byte), within @ 1..) = (out.last_mut(), end % 8) {
        *byte &= (1 << within) - 1;
    }
    if !(1..=5).contains(&(end % 8)) {
        out.push(0);
    }
    out.extend_from_slice(&[0, 0, 0xff, 0xff]);
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "a few bits at a time")]
mod tests {
    use super::super::walk::last_blocks;
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
            let mut other = vec![0; compressor.deflate_compress_bound(content.len())];
            let whole = compressor.deflate_compress(&content[content.len() / 3..], &mut other).unwrap();
            other.truncate(whole);
            for _ in 0..2 {
                let start = out.len();
                out.resize(start + compressor.deflate_compress_bound(content.len()), 0);
                let len = compressor.deflate_compress(&content, &mut out[start..]).unwrap();
                out.truncate(start + len);
                let [last, other] = last_blocks(&out[start..], &other);
                assert_eq!(other.map(|last| last.end.div_ceil(8)), Some(whole));
                seal(&mut out, start, last.unwrap());
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
        let behind = [1, 0, 0, 0xff, 0xff, 0];
        for bytes in [&[][..], &[7], &[0xff; 40], &[0, 1, 0], &[4, 0, 0, 0], &behind] {
            assert_eq!(last_blocks(bytes, &[1, 0, 0, 0xff, 0xff])[0], None, "{bytes:?}");
        }
    }
}
