//! gzip by several threads, held against zlib: what is written is read by it, and what is read it reads as well.

use std::io::{Read, Write};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use vhd_porter::stream::{GzipReader, GzipWriter, Level};

/// No more than this is decoded or made: bytes.
const MOST: u64 = 2 << 20;
/// Bytes behind the header of a member that holds nothing: last block, checksum, length.
const END: usize = 13;

pub(crate) fn run(bytes: &[u8]) {
    let Some((mode, rest)) = bytes.split_first() else { return };
    let threads = 1 + usize::from(mode >> 6);
    if mode & 1 == 0 {
        written(rest, *mode, threads);
        return;
    }
    let mut stream = Vec::new();
    if mode & 2 != 0 {
        // As if we had written it, down to the checksum, whatever it is.
        let empty = pack(&[], Level::Store, 1);
        stream.extend_from_slice(&empty[..empty.len() - END]);
        let mut content = Vec::new();
        let mut decoder = DeflateDecoder::new(rest);
        if (&mut decoder).take(MOST).read_to_end(&mut content).is_ok() {
            let used = usize::try_from(decoder.total_in()).expect("no more than there is");
            stream.extend_from_slice(&rest[..used]);
            stream.extend_from_slice(&crc32fast::hash(&content).to_le_bytes());
            stream.extend_from_slice(&u32::try_from(content.len()).expect("a few MiB").to_le_bytes());
        } else {
            stream.extend_from_slice(rest);
        }
    } else {
        stream.extend_from_slice(rest);
    }
    compare(&stream, mode & 2 != 0, threads);
}

/// Content of many kinds comes back, by both.
fn written(rest: &[u8], mode: u8, threads: usize) {
    let level = match mode >> 1 & 7 {
        0 => Level::Store,
        level => Level::Deflate(level),
    };
    let mut content = Vec::new();
    for (index, piece) in rest.chunks(64).enumerate() {
        let times = usize::from(piece[0]) * usize::from(piece[0]) / piece.len();
        match index % 3 {
            _ if content.len() as u64 > MOST => break,
            0 => content.extend_from_slice(piece),
            1 => content.extend(std::iter::repeat_n(0, times)),
            _ => content.extend(piece.iter().copied().cycle().take(times)),
        }
    }
    let packed = pack(&content, level, threads);
    let mut by_zlib = Vec::new();
    MultiGzDecoder::new(&packed[..]).read_to_end(&mut by_zlib).expect("zlib reads it");
    assert!(by_zlib == content, "what zlib reads is another");
    assert!(unpack(&packed, threads).expect("we read it") == content, "what we read is another");
}

/// What we read, zlib reads, and the same; what it reads, we read, unless it only looks like ours.
fn compare(stream: &[u8], looks_like_ours: bool, threads: usize) {
    let mut by_zlib = Vec::new();
    let zlib = MultiGzDecoder::new(stream).take(MOST).read_to_end(&mut by_zlib);
    match (unpack(stream, threads), zlib) {
        (Ok(ours), Ok(_)) => assert!(ours == by_zlib, "we read {} bytes, zlib {}", ours.len(), by_zlib.len()),
        (Ok(ours), Err(error)) => panic!("we read {} bytes, zlib says {error}", ours.len()),
        (Err(error), Ok(_)) => {
            assert!(looks_like_ours || by_zlib.len() as u64 == MOST, "zlib reads it, we say {error}");
        }
        (Err(_), Err(_)) => {}
    }
}

fn pack(content: &[u8], level: Level, threads: usize) -> Vec<u8> {
    let mut writer = GzipWriter::new(Vec::new(), level, threads).expect("memory can be written");
    writer.write_all(content).expect("memory can be written");
    writer.finish().expect("memory can be written")
}

fn unpack(stream: &[u8], threads: usize) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    GzipReader::new(stream, threads)?.take(MOST).read_to_end(&mut content)?;
    Ok(content)
}
