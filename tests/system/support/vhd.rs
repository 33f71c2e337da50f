//! VHD at the level of bytes: changing fields of good images, and reading fields of landed ones. Written from the
//! format's description, not from the program.

use std::ops::Range;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix time of the VHD epoch, 2000-01-01.
pub(crate) const EPOCH: u64 = 946_684_800;

/// The time as images hold it.
pub(crate) fn now() -> u32 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock behind 1970").as_secs();
    u32::try_from(unix - EPOCH).expect("before 2136")
}

/// A structure with a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The copy of the footer at offset 0.
    Copy,
    /// The footer at the end.
    Footer,
    /// The dynamic header, at offset 512 in every image here.
    Header,
}

/// The sum that belongs into a structure: the complement of the sum of all its bytes but the sum's own.
pub(crate) fn checksum(structure: &[u8], at: usize) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().map(|b| u32::from(*b)).sum::<u32>();
    !(sum(structure) - sum(&structure[at..at + 4]))
}

/// A file that is changed piece by piece.
#[derive(Debug, Clone)]
pub(crate) struct Vhd(pub(crate) Vec<u8>);

impl Vhd {
    pub(crate) fn read(path: &Path) -> Self {
        Self(std::fs::read(path).expect("an image can be read"))
    }

    fn range(&self, part: Part) -> (Range<usize>, usize) {
        let end = self.0.len();
        match part {
            Part::Copy => (0..512, 64),
            Part::Footer => (end - 512..end, 64),
            Part::Header => (512..1536, 36),
        }
    }

    /// Overwrites a field, and leaves the checksum wrong.
    pub(crate) fn spoil(mut self, part: Part, at: usize, bytes: &[u8]) -> Self {
        let start = self.range(part).0.start + at;
        self.0[start..start + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Overwrites a field and sets the checksum right.
    pub(crate) fn set(self, part: Part, at: usize, bytes: &[u8]) -> Self {
        let mut changed = self.spoil(part, at, bytes);
        let (range, sum_at) = changed.range(part);
        let sum = checksum(&changed.0[range.clone()], sum_at);
        let start = range.start + sum_at;
        changed.0[start..start + 4].copy_from_slice(&sum.to_be_bytes());
        changed
    }

    /// The same in both footers.
    pub(crate) fn set_both(self, at: usize, bytes: &[u8]) -> Self {
        self.set(Part::Copy, at, bytes).set(Part::Footer, at, bytes)
    }

    /// Overwrites bytes that no checksum covers.
    pub(crate) fn poke(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Sets an entry of the BAT: the sector of the block's bitmap.
    pub(crate) fn set_bat(self, block: usize, sector: u32) -> Self {
        let table = usize::try_from(self.u64(512 + 16)).expect("a BAT in memory");
        self.poke(table + 4 * block, &sector.to_be_bytes())
    }

    /// The first `keep` bytes; counted from the end when negative.
    pub(crate) fn cut(mut self, keep: isize) -> Self {
        let len = self.0.len();
        let keep = if keep < 0 { len - keep.unsigned_abs() } else { keep.unsigned_abs() };
        self.0.truncate(keep);
        self
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.0[at..at + 4].try_into().expect("four bytes"))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_be_bytes(self.0[at..at + 8].try_into().expect("eight bytes"))
    }

    /// What the file says of itself. Fails when a checksum is wrong or the footers differ.
    #[track_caller]
    pub(crate) fn fields(&self) -> Fields {
        for (part, cookie) in
            [(Part::Copy, &b"conectix"[..]), (Part::Footer, b"conectix"), (Part::Header, b"cxsparse")]
        {
            let (range, sum_at) = self.range(part);
            let structure = &self.0[range.clone()];
            assert!(structure.starts_with(cookie), "{part:?} has no cookie");
            assert_eq!(checksum(structure, sum_at), self.u32(range.start + sum_at), "{part:?}: checksum");
        }
        assert_eq!(self.0[..512], self.0[self.0.len() - 512..], "the footers differ");
        assert_eq!(self.u64(16), 512, "the header lies behind the copy");
        Fields {
            uuid: self.uuid(68),
            kind: self.u32(60),
            hidden: self.0[85],
            size: self.u64(48),
            geometry: self.u32(56),
            parent_uuid: self.uuid(512 + 40),
            parent_time: self.u32(512 + 56),
            parent_name: utf16(&self.0[512 + 64..512 + 576], u16::from_be_bytes),
            locators: (0..8).filter_map(|slot| self.locator(slot)).collect(),
        }
    }

    fn uuid(&self, at: usize) -> uuid::Uuid {
        uuid::Uuid::from_slice(&self.0[at..at + 16]).expect("sixteen bytes")
    }

    /// Platform and text of a slot in use.
    fn locator(&self, slot: usize) -> Option<(String, String)> {
        let at = 512 + 576 + 24 * slot;
        let code = std::str::from_utf8(&self.0[at..at + 4]).ok().filter(|c| !c.starts_with('\0'))?;
        let (len, start) = (self.u32(at + 8) as usize, self.u64(at + 16));
        let start = usize::try_from(start).expect("a text in memory");
        let text = &self.0[start..start + len];
        let text = match code {
            "MacX" => String::from_utf8_lossy(text).into_owned(),
            _ => utf16(text, u16::from_le_bytes),
        };
        Some((code.to_owned(), text))
    }
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned()
}

/// What a sound image says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) uuid: uuid::Uuid,
    /// 3 dynamic, 4 differencing.
    pub(crate) kind: u32,
    pub(crate) hidden: u8,
    pub(crate) size: u64,
    pub(crate) geometry: u32,
    pub(crate) parent_uuid: uuid::Uuid,
    pub(crate) parent_time: u32,
    pub(crate) parent_name: String,
    /// Platform and text of every slot in use.
    pub(crate) locators: Vec<(String, String)>,
}
