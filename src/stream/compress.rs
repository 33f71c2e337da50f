//! [`Compressor`]: the container that was chosen, for whoever fills it.

use std::io::{self, Write};

use super::{GzipWriter, Level, ZstdWriter};

/// What an image is packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip, which every reader reads.
    Gzip(Level),
    /// zstd, at level 1 (fast) to 19 (small).
    Zstd(u8),
}

impl Compression {
    /// gzip at its own default, for callers that do not choose.
    pub const DEFAULT: Self = Self::Gzip(Level::DEFAULT);
    /// The names of the containers.
    pub const NAMES: [&'static str; 2] = ["gzip", "zstd"];

    /// The container called `name`, at `level`: 0 stores (gzip only), `None` is its own default.
    ///
    /// # Errors
    /// In words, what was expected and what was found.
    pub fn named(name: &str, level: Option<u64>) -> Result<Self, String> {
        match (name, level) {
            ("gzip", None) => Ok(Self::DEFAULT),
            ("gzip", Some(0)) => Ok(Self::Gzip(Level::Store)),
            ("gzip", Some(level @ 1..=9)) => Ok(Self::Gzip(Level::Deflate(u8::try_from(level).unwrap_or(9)))),
            ("gzip", Some(level)) => Err(format!("level of gzip: expected 0 (store) to 9, found {level}")),
            ("zstd", None) => Ok(Self::Zstd(3)),
            ("zstd", Some(level @ 1..=19)) => Ok(Self::Zstd(u8::try_from(level).unwrap_or(19))),
            ("zstd", Some(0)) => Err("level of zstd: expected 1 to 19, found 0 (store)".to_owned()),
            ("zstd", Some(level)) => Err(format!("level of zstd: expected 1 to 19, found {level}")),
            _ => Err(format!("compression: expected {}, found {name:?}", Self::NAMES.join(" or "))),
        }
    }
}

/// Compresses everything that is written to it.
pub enum Compressor<W: Write> {
    /// Into one gzip member.
    Gzip(Box<GzipWriter<W>>),
    /// Into one zstd frame; with room to read into.
    Zstd(ZstdWriter<W>, Vec<u8>),
}

/// Bytes that are read at once for zstd.
const ROOM: usize = 256 * 1024;

impl<W: Write> Compressor<W> {
    /// Writes to `inner`, with `threads` threads.
    ///
    /// # Errors
    /// The header could not be written, or a thread not be started.
    pub fn new(inner: W, how: Compression, threads: usize) -> io::Result<Self> {
        Ok(match how {
            Compression::Gzip(level) => Self::Gzip(Box::new(GzipWriter::new(inner, level, threads)?)),
            Compression::Zstd(level) => Self::Zstd(ZstdWriter::new(inner, level, threads)?, vec![0; ROOM]),
        })
    }

    /// Adds what `read` puts into the room that it is given; returns how much that was.
    ///
    /// # Errors
    /// `read` failed, or writing did.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        match self {
            Self::Gzip(writer) => writer.fill(read),
            Self::Zstd(writer, room) => {
                let n = read(room)?.min(room.len());
                writer.write_all(&room[..n])?;
                Ok(n)
            }
        }
    }

    /// Adds so many zeros.
    ///
    /// # Errors
    /// Writing failed.
    pub fn zeros(&mut self, count: u64) -> io::Result<()> {
        match self {
            Self::Gzip(writer) => writer.zeros(count),
            Self::Zstd(writer, room) => {
                room.fill(0);
                let mut left = count;
                while left > 0 {
                    let n = usize::try_from(left).unwrap_or(ROOM).min(ROOM);
                    writer.write_all(&room[..n])?;
                    left -= n as u64;
                }
                Ok(())
            }
        }
    }

    /// Writes what is left, and the end.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Gzip(writer) => writer.finish(),
            Self::Zstd(writer, _) => writer.finish(),
        }
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(writer) => writer.write(buf),
            Self::Zstd(writer, _) => writer.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(writer) => writer.flush(),
            Self::Zstd(writer, _) => writer.flush(),
        }
    }
}
