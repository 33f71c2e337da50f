//! What is wrong with a footer, a header, a locator, in the words and the order of `vhd-util check`: the first rule that
//! is broken.
//!
//! [`crate::vhd::check`] reports every broken rule in one pass. This table does not build on it, because a caller of this
//! program reads one line, and which one depends on the options, on what was readable by then, and on an order that
//! mixes reading and judging.

use crate::vhd::{
    DiskType, Footer, Geometry, Header, ParentLocator, PlatformCode, VhdTime, ascii_parent_name,
};

/// Newest blktap whose images are understood.
const NEWEST_TAP: u32 = 0x0001_0003;

/// The first broken rule of `rules`: pairs of "is broken" and its words.
fn first(rules: &[(bool, &'static str)]) -> Option<&'static str> {
    rules.iter().find(|(broken, _)| *broken).map(|(_, words)| *words)
}

/// A footer. `now` is `None` when times are not to be looked at.
pub(super) fn footer(footer: &Footer, now: Option<VhdTime>) -> Option<&'static str> {
    let kind = DiskType::of(footer);
    let sparse = matches!(kind, Some(DiskType::Dynamic | DiskType::Differencing));
    let fitting = Geometry::of_size(footer.current_size.get());
    first(&[
        (footer.cookie != *b"conectix", "invalid cookie"),
        (!footer.checksum_holds(), "invalid checksum"),
        (footer.features.get() & 2 == 0, "invalid 'reserved' feature"),
        (footer.features.get() & !3 != 0, "invalid extra features"),
        (footer.version.get() != 0x0001_0000, "invalid file format version"),
        (!sparse && footer.data_offset.get() != u64::MAX, "invalid data offset"),
        (now.is_some_and(|now| VhdTime(footer.timestamp.get()).is_future(now)), "creation time in future"),
        (footer.tap_version().is_some_and(|v| v > NEWEST_TAP), "unsupported tap creator version"),
        (Geometry::from(footer.geometry).as_u32() > fitting.as_u32(), "geometry too large"),
        (kind.is_none(), "invalid type"),
        (footer.saved_state > 1, "invalid 'saved' state"),
        (footer.hidden > 1, "invalid 'hidden' state"),
        (footer.reserved[1..] != [0; 425], "invalid 'reserved' bits"),
        (footer.uuid == [0; 16], "invalid (NULL) uuid"),
    ])
}

/// A header, in a file of `len` bytes.
pub(super) fn header(header: &Header, len: u64) -> Option<&'static str> {
    let table = header.table_offset.get();
    let table_end = table.checked_add((u64::from(header.max_bat_entries.get()) * 4).next_multiple_of(512));
    let table_lost =
        table == 0 || !table.is_multiple_of(512) || table_end.is_none_or(|end| end.saturating_add(512) > len);
    first(&[
        (header.cookie != *b"cxsparse", "invalid cookie"),
        (header.checksum.get() != header.computed_checksum(), "invalid checksum"),
        (header.version.get() != 0x0001_0000, "invalid header version"),
        (header.data_offset.get() != u64::MAX, "invalid data offset"),
        (table_lost, "invalid table offset"),
        (!header.block_size.get().is_power_of_two(), "invalid block size"),
        (header.reserved1.get() != 0 || header.reserved2[1..] != [0; 255], "invalid reserved bits"),
    ])
}

/// What a header says of a parent.
pub(super) fn parentage(header: &Header, child: bool, now: Option<VhdTime>) -> Option<&'static str> {
    let stamp = VhdTime(header.parent_timestamp.get());
    if child {
        return first(&[
            (now.is_some_and(|now| stamp.is_future(now)), "parent creation time in future"),
            (ascii_parent_name(header).is_none(), "invalid parent name"),
        ]);
    }
    first(&[
        (header.parent_name[1..] != [0; 511], "invalid non-null parent name"),
        (header.locators != [ParentLocator::default(); 8], "invalid non-null parent locators"),
        (header.parent_uuid != [0; 16], "invalid non-null parent uuid"),
        (stamp.0 != 0, "invalid non-zero parent timestamp"),
    ])
}

/// The first byte of a reserved area of a footer. Nobody looked at it for so long that it is looked at last.
pub(super) fn first_byte(footer: &Footer) -> Option<&'static str> {
    first(&[(footer.reserved[0] != 0, "invalid 'reserved' bits")])
}

/// As [`first_byte`], of a header.
pub(super) fn first_bytes(header: &Header, child: bool) -> Option<&'static str> {
    first(&[
        (header.reserved2[0] != 0, "invalid reserved bits"),
        (!child && header.parent_name[0] != 0, "invalid non-null parent name"),
    ])
}

/// A locator that is in use, in a file of `len` bytes.
pub(super) fn locator(locator: &ParentLocator, len: u64) -> Option<&'static str> {
    let (offset, length) = (locator.data_offset.get(), u64::from(locator.data_length.get()));
    first(&[
        (PlatformCode::of(locator.code.get()).is_none(), "invalid platform code"),
        (offset == 0, "invalid data offset"),
        (locator.data_space.get() == 0, "invalid data space"),
        (length == 0, "invalid data length"),
        (offset.checked_add(locator.space()).is_none_or(|end| end > len), "invalid size"),
        (locator.reserved.get() != 0, "invalid reserved bits"),
    ])
}
