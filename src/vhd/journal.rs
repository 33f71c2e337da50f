//! The journal of a resize: everything that will be written over, as it was before, in a file of its own.
//!
//! ```text
//! 0              512
//! | head, counts | record | bytes | record | bytes | …   (first metadata, then data)
//! ```
//!
//! The layout is blktap's, big-endian but for the length of the journal itself, which blktap never turned around. While a
//! journal is needed, both footers of the image carry the cookie of a disabled image. The head is written last: a journal
//! that has none was never in force.

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian};

use super::checksum;
use super::error::Error;
use super::storage::Storage;
use super::units::SECTOR_SIZE;

const COOKIE: [u8; 8] = *b"vjournal";
const RECORD_COOKIE: u64 = 0xaaaa_1234_4321_aaaa;
/// Longest piece that is kept in one record: the table of a disk of 16 TiB.
const LONGEST: u32 = 32 << 20;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Footer = 1,
    FooterCopy = 2,
    Header = 3,
    Locator = 4,
    Bat = 5,
    BatmapHead = 6,
    Batmap = 7,
    Data = 8,
}

#[derive(Debug, Clone, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Head {
    cookie: [u8; 8],
    uuid: [u8; 16],
    footer_offset: U64,
    data_records: U32,
    metadata_records: U32,
    data_offset: U64,
    metadata_offset: U64,
    length: little_endian::U64,
    padding: [u8; 448],
}

#[derive(Debug, Clone, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Record {
    cookie: U64,
    kind: U32,
    size: U32,
    offset: U64,
    checksum: U32,
    padding: [u8; 4],
}

const _: () = assert!(size_of::<Head>() == 512 && size_of::<Record>() == 32);

fn sum(record: &Record, bytes: &[u8]) -> u32 {
    let unsummed = Record { checksum: 0.into(), ..record.clone() };
    let (head, body) = (checksum::of(unsummed.as_bytes(), 0..0), checksum::of(bytes, 0..0));
    !(!head).wrapping_add(!body)
}

/// A journal that is being written.
#[derive(Debug)]
pub(crate) struct Journal<J> {
    storage: J,
    head: Head,
    end: u64,
}

impl<J: Storage> Journal<J> {
    /// A journal for the image `uuid`, whose footer lies at `footer_offset`.
    pub(crate) fn begin(storage: J, uuid: [u8; 16], footer_offset: u64) -> Self {
        let mut head = Head::new_zeroed();
        head.cookie = COOKIE;
        head.uuid = uuid;
        head.footer_offset = footer_offset.into();
        head.metadata_offset = SECTOR_SIZE.into();
        Self { storage, head, end: SECTOR_SIZE }
    }

    /// Keeps `bytes`, which lie at `offset` in the image. All metadata comes before any data.
    pub(crate) fn keep(&mut self, kind: Piece, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let size = u32::try_from(bytes.len()).map_err(|_| Error::Refused("a piece of 4 GiB".into()))?;
        let mut record = Record::new_zeroed();
        record.cookie = RECORD_COOKIE.into();
        record.kind = (kind as u32).into();
        record.size = size.into();
        record.offset = offset.into();
        record.checksum = sum(&record, bytes).into();
        if kind == Piece::Data {
            if self.head.data_records.get() == 0 {
                self.head.data_offset = self.end.into();
            }
            self.head.data_records += 1;
        } else {
            self.head.metadata_records += 1;
        }
        for part in [record.as_bytes(), bytes] {
            self.storage.write_at(part, self.end).map_err(Error::io("writing the journal", self.end))?;
            self.end += part.len() as u64;
        }
        Ok(())
    }

    /// Puts the journal in force.
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        self.head.length = self.end.into();
        let io = |e| Error::io("writing the journal", 0)(e);
        self.storage.sync().map_err(io)?;
        self.storage.write_at(self.head.as_bytes(), 0).map_err(io)?;
        self.storage.sync().map_err(io)
    }
}

/// A journal that was found.
#[derive(Debug)]
pub struct Undo<J> {
    storage: J,
    head: Head,
    /// Place of each record's bytes in the journal, and the record.
    records: Vec<(u64, Record)>,
}

impl<J: Storage> Undo<J> {
    /// Reads a journal and makes sure that it is whole.
    ///
    /// # Errors
    /// It is no journal, or a damaged one; or reading failed.
    pub fn open(storage: J) -> Result<Self, Error> {
        let refused = |why: &str| Error::Refused(format!("the journal {why}"));
        let mut bytes = [0; 512];
        let n = storage.read_at(&mut bytes, 0).map_err(Error::io("reading the journal", 0))?;
        let head = Head::read_from_bytes(&bytes).map_err(|_| refused("has no head"))?;
        if n < 512 || head.cookie != COOKIE {
            return Err(refused("has no head"));
        }
        let count = u64::from(head.data_records.get()) + u64::from(head.metadata_records.get());
        let mut undo = Self { storage, head, records: Vec::new() };
        let mut at = undo.head.metadata_offset.get();
        for _ in 0..count {
            let mut bytes = [0; 32];
            undo.storage.read_exact_at(&mut bytes, at).map_err(Error::io("reading the journal", at))?;
            let record = Record::read_from_bytes(&bytes).map_err(|_| refused("has a damaged record"))?;
            let known = (1..=8).contains(&record.kind.get()) && record.cookie.get() == RECORD_COOKIE;
            if !known || record.size.get() > LONGEST || record.size.get() % 512 != 0 {
                return Err(refused("has a damaged record"));
            }
            let body = undo.body(at + 32, &record)?;
            if sum(&record, &body) != record.checksum.get() {
                return Err(refused("has a record with a wrong checksum"));
            }
            undo.records.push((at + 32, record));
            at += 32 + body.len() as u64;
        }
        Ok(undo)
    }

    fn body(&self, at: u64, record: &Record) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; record.size.get() as usize];
        self.storage.read_exact_at(&mut bytes, at).map_err(Error::io("reading the journal", at))?;
        Ok(bytes)
    }

    /// Puts the image back as it was: data first, then metadata, the footers last. Done twice, it does no harm.
    ///
    /// # Errors
    /// The journal is another image's; or reading or writing failed.
    pub fn apply(&self, image: &impl Storage) -> Result<(), Error> {
        let mut uuid = [0; 16];
        image.read_exact_at(&mut uuid, 68).map_err(Error::io("reading the footer copy", 0))?;
        if uuid != self.head.uuid {
            return Err(Error::Refused("the journal is that of another image".into()));
        }
        let is_footer = |kind: u32| kind <= Piece::FooterCopy as u32;
        for footers in [false, true] {
            for (at, record) in self.records.iter().filter(|(_, r)| is_footer(r.kind.get()) == footers) {
                let offset = record.offset.get();
                let bytes = self.body(*at, record)?;
                image.write_at(&bytes, offset).map_err(Error::io("restoring the image", offset))?;
            }
            image.sync().map_err(Error::io("syncing the file", 0))?;
        }
        let len = self.head.footer_offset.get().saturating_add(SECTOR_SIZE);
        image.set_len(len).map_err(Error::io("cutting the file", len))?;
        image.sync().map_err(Error::io("syncing the file", 0))
    }
}
