//! Digests of what passes through, each computed on a thread of its own.
//!
//! MD5 runs at half a gigabyte a second: in line with inflating or writing it would be the slowest stage, and beside
//! another digest on one thread it would be slower still.

mod digester;
mod reader;
mod writer;

use std::fmt;

use md5::digest::DynDigest;
use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha512};

pub use reader::DigestReader;
pub use writer::DigestWriter;

/// A kind of digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5: what Glance and old servers say; proves nothing against somebody who wants another image to have it.
    Md5,
    /// SHA-256: the fastest by far where the processor knows it.
    Sha256,
    /// SHA-512: what newer Glances say.
    Sha512,
}

impl Algorithm {
    /// All names, as Python's hashlib has them.
    pub const NAMES: [&'static str; 3] = ["md5", "sha256", "sha512"];

    /// The algorithm that `name` names; `None` for one that is not known here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256, Self::Sha512].into_iter().find(|known| known.to_string() == name)
    }

    /// Hex digits of such a digest.
    #[must_use]
    pub fn hex_len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    fn hasher(self) -> Box<dyn DynDigest + Send> {
        match self {
            Self::Md5 => Box::new(Md5::new()),
            Self::Sha256 => Box::new(Sha256::new()),
            Self::Sha512 => Box::new(Sha512::new()),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [md5, sha256, sha512] = Self::NAMES;
        f.write_str(match self {
            Self::Md5 => md5,
            Self::Sha256 => sha256,
            Self::Sha512 => sha512,
        })
    }
}

/// The length of a stream, and those digests of it that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// Bytes that passed.
    pub bytes: u64,
    /// MD5, lower-case hex.
    pub md5: Option<String>,
    /// SHA-256, lower-case hex.
    pub sha256: Option<String>,
    /// SHA-512, lower-case hex.
    pub sha512: Option<String>,
}

impl Digests {
    /// The digest of a kind, lower-case hex, if it was computed.
    #[must_use]
    pub fn of(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Md5 => self.md5.as_deref(),
            Algorithm::Sha256 => self.sha256.as_deref(),
            Algorithm::Sha512 => self.sha512.as_deref(),
        }
    }

    fn set(&mut self, algorithm: Algorithm, hex: String) {
        let place = match algorithm {
            Algorithm::Md5 => &mut self.md5,
            Algorithm::Sha256 => &mut self.sha256,
            Algorithm::Sha512 => &mut self.sha512,
        };
        *place = Some(hex);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Read as _, Write as _};

    #[test]
    fn digests_are_those_of_the_bytes() {
        let mut reader = DigestReader::new(&b"abc"[..], &[Algorithm::Sha256]).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let digests = reader.finish().unwrap();
        assert_eq!((text.as_str(), digests.bytes, &digests.md5), ("abc", 3, &None));
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digests.of(Algorithm::Sha256), Some(known));

        let all = [Algorithm::Sha512, Algorithm::Md5, Algorithm::Sha512];
        let mut reader = DigestReader::new(&b"abc"[..], &all).unwrap();
        io::copy(&mut reader, &mut io::sink()).unwrap();
        let digests = reader.finish().unwrap();
        assert!(digests.of(Algorithm::Sha512).unwrap().starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(digests.of(Algorithm::Md5), Some("900150983cd24fb0d6963f7d28e17f72"));
        for (algorithm, name) in [(Algorithm::Md5, "md5"), (Algorithm::Sha512, "sha512")] {
            assert_eq!(Algorithm::named(name), Some(algorithm));
            assert_eq!(digests.of(algorithm).unwrap().len(), algorithm.hex_len());
        }
        assert_eq!(Algorithm::named("blake2b"), None);
    }

    #[test]
    fn what_is_written_has_the_digests_of_what_is_read() {
        let content: Vec<u8> = (0..5_000_005u32).map(|n| n.to_le_bytes()[1]).collect();
        for algorithms in [&[][..], &[Algorithm::Md5], &[Algorithm::Sha256, Algorithm::Md5]] {
            let mut writer = DigestWriter::new(Vec::new(), algorithms).unwrap();
            content.chunks(77_777).for_each(|piece| writer.write_all(piece).unwrap());
            let (bytes, written) = writer.finish().unwrap();
            assert!(bytes == content);
            let mut reader = DigestReader::new(&bytes[..], algorithms).unwrap();
            let mut back = Vec::new();
            reader.read_to_end(&mut back).unwrap();
            assert!(back == content);
            assert_eq!(reader.finish().unwrap(), written);
        }
    }
}
