//! Whatever is written comes back, by zlib and by our own reader: content of all kinds, all levels, any number of threads.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{CompressionLvl, Compressor};
use proptest::prelude::*;

use super::class::PIECE;
use super::seal::seal;
use super::unit::UNIT;
use super::walk::last_blocks;
use super::{FINAL, GzipReader, GzipWriter, Level, MARK};

/// Bytes that no compressor makes smaller.
pub(super) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

/// Lines of a log.
pub(super) fn text(len: usize) -> Vec<u8> {
    (0u64..).flat_map(|n| format!("line {n} of {}\n", n * n % 977).into_bytes()).take(len).collect()
}

/// Bytes of one kind, by what an encoder makes of them.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Stored, or matches of length 258.
    Zeros,
    /// Matches and hardly anything else.
    Run,
    /// Codes of even length.
    Few,
    /// Half of the bytes are of many values, a quarter is of one, an eighth of another, and so on: the longest codes.
    Skewed,
    /// Stored.
    Noise,
    /// Stored pieces, and matches from as far away as they may come.
    Far,
    /// Stored, with what looks like the end of a run, or of the member.
    Marks,
}

/// Content: a kind, a length, and a seed for the rest.
type Stretch = (Kind, usize, u64);

fn stretch(most: usize) -> impl Strategy<Value = Stretch> {
    use Kind::{Far, Few, Marks, Noise, Run, Skewed, Zeros};
    let kind = prop::sample::select(vec![Zeros, Run, Few, Skewed, Noise, Far, Marks]);
    // Odd lengths, and those around the edges of pieces and units.
    let edge = prop::sample::select(vec![PIECE / 4, PIECE, 2 * PIECE, 0xffff, UNIT / 2, UNIT]);
    let len = prop_oneof![0..300usize, 0..most, (edge, 0..7usize).prop_map(|(edge, off)| edge + off - 3)];
    (kind, len.prop_map(move |len| len.min(most)), any::<u64>())
}

fn bytes((kind, len, seed): Stretch) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    };
    let mut out = Vec::with_capacity(len);
    while out.len() < len {
        let random = next();
        let byte = random.to_le_bytes()[0];
        match kind {
            Kind::Zeros => out.push(0),
            Kind::Run => out.push(u8::from(random % 4099 == 0)),
            Kind::Few => out.push(b'a' + byte % 21),
            Kind::Skewed if byte % 2 == 0 => out.push(byte / 2),
            Kind::Skewed => out.push(128 + (random >> 8).trailing_zeros().to_le_bytes()[0] % 64),
            Kind::Noise => out.push(byte),
            Kind::Far if out.len() >= 32_768 => out.push(out[out.len() - 32_768]),
            Kind::Far => out.push(byte),
            Kind::Marks if random % 40 == 0 => out.extend(MARK),
            Kind::Marks if random % 97 == 0 => out.extend(FINAL),
            Kind::Marks => out.push(byte),
        }
    }
    out.truncate(len);
    out
}

/// What is done with a writer.
#[derive(Debug, Clone)]
enum Step {
    Write(Stretch),
    /// Filled by a reader that gives no more than so many bytes at once.
    Fill(Stretch, usize),
    Zeros(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let (unit, most) = (UNIT as u64, 2 * UNIT);
    prop_oneof![
        3 => stretch(most).prop_map(Step::Write),
        2 => (stretch(most), 1..200_000usize).prop_map(|(stretch, most)| Step::Fill(stretch, most)),
        1 => prop_oneof![0..300u64, 0..3 * unit, (unit - 3)..(unit + 4)].prop_map(Step::Zeros),
    ]
}

/// Does all steps; returns the content and what came of it.
fn written(steps: &[Step], level: Level, threads: usize) -> (Vec<u8>, Vec<u8>) {
    let mut writer = GzipWriter::new(Vec::new(), level, threads).unwrap();
    let mut content = Vec::new();
    for step in steps {
        match step {
            Step::Write(stretch) => {
                let bytes = bytes(*stretch);
                writer.write_all(&bytes).unwrap();
                content.extend(bytes);
            }
            Step::Fill(stretch, most) => {
                let bytes = bytes(*stretch);
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let n = writer.fill(|room| {
                        let most = room.len().min(*most);
                        rest.read(&mut room[..most])
                    });
                    assert!(n.unwrap() > 0, "there is room");
                }
                content.extend(bytes);
            }
            Step::Zeros(count) => {
                writer.zeros(*count).unwrap();
                content.resize(content.len() + usize::try_from(*count).unwrap(), 0);
            }
        }
    }
    (content, writer.finish().unwrap())
}

fn level() -> impl Strategy<Value = Level> {
    (0..=9u8).prop_map(|level| if level == 0 { Level::Store } else { Level::Deflate(level) })
}

/// All that zlib finds in the one member that `packed` is.
fn by_zlib(packed: &[u8]) -> io::Result<Vec<u8>> {
    let (mut decoder, mut content) = (GzDecoder::new(packed), Vec::new());
    decoder.read_to_end(&mut content)?;
    assert!(decoder.into_inner().is_empty(), "one member, and nothing behind it");
    Ok(content)
}

fn by_ourselves(packed: &[u8], threads: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    GzipReader::new(packed, threads)?.read_to_end(&mut content)?;
    Ok(content)
}

/// A deflate stream with an end, of libdeflate's or zlib's.
fn deflated(content: &[u8], effort: u8) -> Vec<u8> {
    if effort > 12 {
        let level = Compression::new(u32::from(effort) - 13);
        let mut encoder = DeflateEncoder::new(Vec::new(), level);
        encoder.write_all(content).unwrap();
        return encoder.finish().unwrap();
    }
    let mut compressor = Compressor::new(CompressionLvl::new(i32::from(effort)).unwrap());
    let mut out = vec![0; compressor.deflate_compress_bound(content.len())];
    let len = compressor.deflate_compress(content, &mut out).unwrap();
    out.truncate(len);
    out
}

/// What a deflate stream holds, if it is one and ends with its last byte.
fn inflated(stream: &[u8]) -> Option<Vec<u8>> {
    let (mut inflate, mut out) = (Decompress::new(false), Vec::with_capacity(8 << 20));
    let status = inflate.decompress_vec(stream, &mut out, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && inflate.total_in() == stream.len() as u64).then_some(out)
}

/// Several stretches, one after the other.
fn content() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(stretch(200_000), 0..4)
        .prop_map(|stretches| stretches.into_iter().flat_map(bytes).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_comes_back(
        steps in prop::collection::vec(step(), 0..6),
        level in level(),
        threads in 1..=3usize,
    ) {
        let (content, packed) = written(&steps, level, threads);
        prop_assert!(by_zlib(&packed).unwrap() == content, "zlib reads something else");
        prop_assert!(by_ourselves(&packed, threads).unwrap() == content, "we read something else");
    }
}

#[test]
fn units_are_used_again_whatever_they_were() {
    let line = |n: usize| (0..UNIT).map(move |at| (at * n).to_le_bytes()[1]);
    for threads in 1..=3 {
        let mut writer = GzipWriter::new(Vec::new(), Level::Deflate(1), threads).unwrap();
        let mut content = Vec::new();
        // More than are under way at once: zeros where data was, and data where zeros were.
        for n in 0..20 {
            if n % 3 == 1 {
                writer.zeros(UNIT as u64).unwrap();
                content.resize(content.len() + UNIT, 0);
            } else {
                let start = content.len();
                content.extend(line(n));
                writer.write_all(&content[start..]).unwrap();
            }
        }
        let packed = writer.finish().unwrap();
        assert!(by_zlib(&packed).unwrap() == content);
        assert!(by_ourselves(&packed, threads).unwrap() == content);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn any_two_streams_go_on_when_they_are_sealed(
        contents in [content(), content()],
        efforts in [0..=22u8, 0..=22u8],
    ) {
        let streams = [deflated(&contents[0], efforts[0]), deflated(&contents[1], efforts[1])];
        let lasts = last_blocks(&streams[0], &streams[1]);
        for ((content, stream), last) in contents.iter().zip(&streams).zip(lasts) {
            let mut out = stream.clone();
            seal(&mut out, 0, last.expect("it is a stream"));
            prop_assert_eq!(&out[out.len() - MARK.len()..], &MARK);
            // Twice the same, neither of which needs the other.
            let both = [&out[..], &out, &FINAL].concat();
            prop_assert!(inflated(&both).unwrap() == [&content[..], content].concat());
        }
    }

    #[test]
    fn damaged_streams_are_told_from_sound_ones_as_zlib_does(
        content in content(),
        effort in 0..=22u8,
        place in any::<prop::sample::Index>(),
        damage in prop_oneof![Just(None), (1..=255u8).prop_map(Some)],
    ) {
        let mut stream = deflated(&content, effort);
        let at = place.index(stream.len());
        match damage {
            Some(damage) => stream[at] ^= damage,
            None => stream.truncate(at),
        }
        let [_, found] = last_blocks(&[], &stream);
        if inflated(&stream).is_some() {
            let end = found.map(|last| last.end.div_ceil(8));
            prop_assert_eq!(end, Some(stream.len()));
        }
    }
}
