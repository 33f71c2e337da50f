//! Archives made of parts: sound ones, and ones that nobody would make by mistake.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

/// One entry of a tar, with a name that no library would let through.
pub(crate) struct Entry {
    pub(crate) kind: EntryType,
    pub(crate) name: Vec<u8>,
    pub(crate) target: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
    pub(crate) fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { kind: EntryType::Regular, name: name.into(), target: Vec::new(), bytes: bytes.into() }
    }

    pub(crate) fn special(kind: EntryType, name: &str, target: &str) -> Self {
        Self { kind, name: name.into(), target: target.into(), bytes: Vec::new() }
    }

    /// Records for the entry behind it, as `key=value`.
    pub(crate) fn pax(records: &[(&str, &str)]) -> Self {
        let mut bytes = Vec::new();
        for (key, value) in records {
            // The length counts its own digits, of which there are two.
            let record = format!("{} {key}={value}\n", key.len() + value.len() + 5);
            assert_eq!(record.len(), key.len() + value.len() + 5, "records here are of 10 to 99 bytes");
            bytes.extend(record.into_bytes());
        }
        Self { kind: EntryType::XHeader, name: "PaxHeaders/0".into(), target: Vec::new(), bytes }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut header = Header::new_gnu();
        header.set_entry_type(self.kind);
        header.set_mode(0o644);
        header.set_mtime(1_700_000_000);
        header.set_size(self.bytes.len() as u64);
        header.as_mut_bytes()[..self.name.len()].copy_from_slice(&self.name);
        header.as_mut_bytes()[157..157 + self.target.len()].copy_from_slice(&self.target);
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(&self.bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
}

/// Entries one after another, and the end of the archive.
pub(crate) fn tar_of_entries(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    entries.iter().for_each(|entry| entry.write(&mut out));
    out.resize(out.len() + 1024, 0);
    out
}

/// A tar of regular files.
pub(crate) fn tar<N: AsRef<str>>(members: &[(N, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<Entry> = members.iter().map(|(name, b)| Entry::file(name.as_ref(), b.clone())).collect();
    tar_of_entries(&entries)
}

/// The same, compressed.
pub(crate) fn tar_gz<N: AsRef<str>>(members: &[(N, Vec<u8>)]) -> Vec<u8> {
    gzip(&tar(members))
}

/// One gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(1));
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

/// What is in gzip members.
pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut out).expect("sound gzip");
    out
}

/// One frame of zstd, with a checksum.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory can be written");
    encoder.include_checksum(true).expect("there are checksums");
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}
