//! Finding, reading and judging the two footers.

use std::fmt;

use serde::Serialize;
use zerocopy::{FromBytes, IntoBytes};

use super::error::Error;
use super::finding::{Finding, Findings, Part, Rule};
use super::format::{CREATOR_TAP, FOOTER_COOKIE, Footer, NO_OFFSET, POISON_COOKIE, TAP_VERSION, VERSION_1_0};
use super::geometry::Geometry;
use super::storage::Storage;
use super::time::VhdTime;
use super::units::{MAX_VIRTUAL_SIZE, SECTOR_SIZE};

/// Bytes of a footer.
pub(crate) const FOOTER_SIZE: u64 = SECTOR_SIZE;

/// The kinds of image that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskType {
    /// All data, no metadata but the footer.
    Fixed,
    /// Blocks as they were written; what is missing is zero.
    Dynamic,
    /// Blocks as they were written; what is missing is the parent's.
    Differencing,
}

impl DiskType {
    /// The kind that a footer names.
    #[must_use]
    pub fn of(footer: &Footer) -> Option<Self> {
        match footer.disk_type.get() {
            2 => Some(Self::Fixed),
            3 => Some(Self::Dynamic),
            4 => Some(Self::Differencing),
            _ => None,
        }
    }

    /// The number on disk.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Fixed => 2,
            Self::Dynamic => 3,
            Self::Differencing => 4,
        }
    }
}

impl fmt::Display for DiskType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed => "fixed",
            Self::Dynamic => "dynamic",
            Self::Differencing => "differencing",
        })
    }
}

/// Which footer an image was opened by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FooterSource {
    /// The footer at the end, at this offset.
    Primary(u64),
    /// The copy at offset 0: the footer at the end is damaged or missing.
    Copy,
}

impl Footer {
    /// Whether blktap made the image, and with which version.
    #[must_use]
    pub fn tap_version(&self) -> Option<u32> {
        (self.creator_app == CREATOR_TAP).then(|| self.creator_version.get())
    }

    /// Whether the checksum is right. Early versions of blktap set the hidden flag without renewing it; for those the
    /// checksum may be that of the footer before.
    #[must_use]
    pub fn checksum_holds(&self) -> bool {
        if self.checksum.get() == self.computed_checksum() {
            return true;
        }
        let legacy = matches!(self.tap_version(), Some(0x0000_0001 | 0x0001_0001)) && self.hidden != 0;
        legacy && Footer { hidden: 0, ..self.clone() }.computed_checksum() == self.checksum.get()
    }

    /// Whether it starts with the cookie of a footer, be it of an image that is disabled.
    pub(crate) fn has_cookie(&self) -> bool {
        self.cookie == FOOTER_COOKIE || self.cookie == POISON_COOKIE
    }

    /// When the image was made.
    #[must_use]
    pub fn created(&self) -> VhdTime {
        VhdTime(self.timestamp.get())
    }
}

/// The footer in the last 512 bytes, or in the last 511 when the length is odd by that much (early Virtual PC).
pub(crate) fn read_primary<S: Storage>(storage: &S, len: u64) -> Result<(Footer, u64), Error> {
    let short = len % SECTOR_SIZE == FOOTER_SIZE - 1;
    let size = if short { FOOTER_SIZE - 1 } else { FOOTER_SIZE };
    let offset = len.checked_sub(size).ok_or_else(|| too_short(len))?;
    let footer = read_at(storage, offset, "reading the footer")?;
    Ok((footer, offset))
}

/// The copy of the footer at offset 0.
pub(crate) fn read_copy<S: Storage>(storage: &S, len: u64) -> Result<Footer, Error> {
    if len < FOOTER_SIZE {
        return Err(too_short(len).into());
    }
    read_at(storage, 0, "reading the footer copy")
}

fn too_short(len: u64) -> Finding {
    Finding::new(Part::File, Rule::TooShort, 0, "at least 512 bytes", format_args!("{len} bytes"))
}

fn read_at<S: Storage>(storage: &S, offset: u64, doing: &'static str) -> Result<Footer, Error> {
    let mut bytes = [0; 512];
    storage.read_at(&mut bytes, offset).map_err(Error::io(doing, offset))?;
    Footer::read_from_bytes(&bytes).map_err(|_| too_short(0).into())
}

/// Whether a footer can be believed at all: cookie and checksum.
pub(crate) fn readable(footer: &Footer, part: Part, offset: u64) -> Result<(), Finding> {
    if !footer.has_cookie() {
        let expected = format_args!("\"{}\"", FOOTER_COOKIE.escape_ascii()).to_string();
        let found = format_args!("\"{}\"", footer.cookie.escape_ascii()).to_string();
        return Err(Finding::new(part, Rule::Cookie, offset, expected, found));
    }
    if !footer.checksum_holds() {
        let (expected, found) = (footer.computed_checksum(), footer.checksum.get());
        let hex = |v: u32| format!("{v:#010x}");
        return Err(Finding::new(part, Rule::Checksum, offset + 64, hex(expected), hex(found)));
    }
    Ok(())
}

/// Every rule that one footer, read at `offset`, breaks; in the order in which `vhd-util check` looks.
pub(crate) fn judge(footer: &Footer, part: Part, offset: u64, now: VhdTime, out: &mut Findings) {
    if let Err(finding) = readable(footer, part, offset) {
        return out.push(finding);
    }
    let mut rule = |holds: bool, rule, at: u64, expected: &dyn fmt::Display, found: &dyn fmt::Display| {
        out.require(holds, || Finding::new(part, rule, offset + at, expected, found));
    };
    let features = footer.features.get();
    let disk_type = DiskType::of(footer);
    let size = footer.current_size.get();
    rule(footer.cookie != POISON_COOKIE, Rule::Disabled, 0, &"\"conectix\"", &"\"v_poison\"");
    rule(features & 2 != 0, Rule::ReservedFeature, 8, &"bit 1 set", &format_args!("{features:#x}"));
    rule(features & !3 == 0, Rule::ExtraFeatures, 8, &"0x2 or 0x3", &format_args!("{features:#x}"));
    rule(
        footer.version.get() == VERSION_1_0,
        Rule::Version,
        12,
        &"0x00010000",
        &format_args!("{:#010x}", footer.version),
    );
    let data_offset = footer.data_offset.get();
    // Of an unknown kind nothing is known but that it is unknown, which is said below.
    let no_header = disk_type == Some(DiskType::Fixed);
    rule(!no_header || data_offset == NO_OFFSET, Rule::DataOffset, 16, &NO_OFFSET, &data_offset);
    let created = footer.created();
    rule(
        !created.is_future(now),
        Rule::FutureTime,
        24,
        &format_args!("no later than {now}"),
        &format_args!("created {created}"),
    );
    let version = footer.tap_version();
    rule(
        version.is_none_or(|v| v <= TAP_VERSION && v != 1),
        Rule::CreatorVersion,
        32,
        &"blktap 1.1 to 1.3",
        &format_args!("{:#010x}", footer.creator_version),
    );
    let (geometry, fitting) = (Geometry::from(footer.geometry), Geometry::of_size(size));
    rule(
        geometry.as_u32() <= fitting.as_u32(),
        Rule::Geometry,
        56,
        &format_args!("at most {fitting}"),
        &geometry,
    );
    rule(disk_type.is_some(), Rule::DiskType, 60, &"2, 3 or 4", &footer.disk_type);
    rule(footer.saved_state <= 1, Rule::SavedState, 84, &"0 or 1", &footer.saved_state);
    rule(footer.hidden <= 1, Rule::Hidden, 85, &"0 or 1", &footer.hidden);
    let dirty = footer.reserved.iter().position(|b| *b != 0);
    rule(dirty.is_none(), Rule::Reserved, 86 + dirty.unwrap_or(0) as u64, &"zeros", &"other bytes");
    rule(footer.uuid != [0; 16], Rule::NullUuid, 68, &"a uuid", &"zeros");
    rule(
        size.is_multiple_of(SECTOR_SIZE) && (1..=MAX_VIRTUAL_SIZE).contains(&size),
        Rule::Size,
        48,
        &format_args!("whole sectors, at most {MAX_VIRTUAL_SIZE} bytes"),
        &format_args!("{size} bytes"),
    );
}

/// Where in the footers the first difference lies, if there is one.
pub(crate) fn first_difference(primary: &Footer, copy: &Footer) -> Option<u64> {
    let differs = |(a, b): (&u8, &u8)| a != b;
    primary.as_bytes().iter().zip(copy.as_bytes()).position(differs).map(|at| at as u64)
}
