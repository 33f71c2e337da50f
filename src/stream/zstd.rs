//! zstd, for whoever chooses it: faster than gzip both ways, and smaller; but the original plugins do not read it.

use std::io::{self, BufRead, Read, Write};

use zstd::stream::raw::CParameter;
use zstd::stream::{read, write};

/// What a frame begins with: RFC 8878, 3.1.1.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What a frame begins with that decoders pass over, behind a byte of 0x50 to 0x5f: RFC 8878, 3.1.2. pzstd writes such first.
const SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];
/// Bytes that a thread compresses at once.
const JOB: u32 = 1 << 20;
/// How far back a stream of ours refers, and how large the tables are in which such places are found, as powers of two.
/// By themselves the tables of high levels would take 80 MiB a thread.
const OUR_WINDOW: u32 = 20;
const HASHES: u32 = 18;
const CHAINS: u32 = 19;
/// How far back a stream may refer, as a power of two. Level 19 and lower need no more, `zstd --long` does.
const WINDOW: u32 = 23;

/// Whether a stream that begins with `first` is one of zstd.
#[must_use]
pub fn is_zstd(first: &[u8]) -> bool {
    first.starts_with(&MAGIC) || matches!(first, [0x50..=0x5f, rest @ ..] if rest.starts_with(&SKIPPABLE))
}

/// Compresses everything that is written to it into one frame, with a checksum.
pub struct ZstdWriter<W: Write> {
    inner: write::Encoder<'static, W>,
}

impl<W: Write> ZstdWriter<W> {
    /// Writes to `inner`, with `threads` threads, at `level`: 1 (fast) to 19 (small).
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn new(inner: W, level: u8, threads: usize) -> io::Result<Self> {
        let mut encoder = write::Encoder::new(inner, i32::from(level))?;
        encoder.include_checksum(true)?;
        encoder.multithread(u32::try_from(threads).unwrap_or(1))?;
        encoder.set_parameter(CParameter::JobSize(JOB))?;
        encoder.set_parameter(CParameter::WindowLog(OUR_WINDOW))?;
        encoder.set_parameter(CParameter::HashLog(HASHES))?;
        encoder.set_parameter(CParameter::ChainLog(CHAINS))?;
        Ok(Self { inner: encoder })
    }

    /// Writes what is left, and the end of the frame.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(self) -> io::Result<W> {
        self.inner.finish()
    }
}

impl<W: Write> Write for ZstdWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.inner.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Decodes all frames of a stream.
pub struct ZstdReader<R: BufRead> {
    inner: read::Decoder<'static, R>,
}

impl<R: BufRead> ZstdReader<R> {
    /// Reads from `inner`.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new(inner: R) -> io::Result<Self> {
        let mut decoder = read::Decoder::with_buffer(inner)?;
        decoder.window_log_max(WINDOW)?;
        Ok(Self { inner: decoder })
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_damage_is_found() {
        let content: Vec<u8> =
            (0u64..).flat_map(|n| format!("{} of {n}\n", n * n % 977).into_bytes()).take(9 << 20).collect();
        for threads in [1, 3] {
            let mut writer = ZstdWriter::new(Vec::new(), 3, threads).unwrap();
            content.chunks(77_777).for_each(|piece| writer.write_all(piece).unwrap());
            let mut packed = writer.finish().unwrap();
            assert!(is_zstd(&packed) && packed.len() < content.len() / 2);
            let read = |packed: &[u8]| {
                let mut back = Vec::new();
                ZstdReader::new(packed)?.read_to_end(&mut back).map(|_| back)
            };
            assert!(read(&packed).unwrap() == content);
            assert!(read(&packed[..packed.len() - 1]).is_err());
            let middle = packed.len() / 2;
            packed[middle] ^= 1;
            assert!(read(&packed).is_err());
        }
    }

    #[test]
    fn a_window_that_takes_too_much_memory_is_refused() {
        // A frame that wants 128 MiB: magic, descriptor, window descriptor (RFC 8878, 3.1.1.1).
        let frame = [&MAGIC[..], &[0x00, (27 - 10) << 3], &[1, 0, 0]].concat();
        let refused = ZstdReader::new(&frame[..]).unwrap().read_to_end(&mut Vec::new());
        assert!(refused.unwrap_err().to_string().contains("memory"));
    }
}
