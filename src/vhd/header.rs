//! Reading and judging the dynamic header.

use std::fmt;

use zerocopy::FromBytes;

use super::error::Error;
use super::finding::{Finding, Findings, Part, Rule};
use super::footer::DiskType;
use super::format::{HEADER_COOKIE, Header, NO_OFFSET, VERSION_1_0};
use super::parent::parent_name;
use super::storage::Storage;
use super::time::VhdTime;
use super::units::{SECTOR_SIZE, padded};

/// Bytes of a header.
pub(crate) const HEADER_SIZE: u64 = 1024;

/// Reads the header that a footer says lies at `offset`, in a file of `len` bytes.
pub(crate) fn read<S: Storage>(storage: &S, offset: u64, len: u64) -> Result<Header, Error> {
    let fits = offset.checked_add(HEADER_SIZE).is_some_and(|end| end <= len);
    if !fits || !offset.is_multiple_of(SECTOR_SIZE) || offset < SECTOR_SIZE {
        let expected = format!("a sector between 512 and {}", len.saturating_sub(HEADER_SIZE));
        return Err(Finding::new(Part::Footer, Rule::DataOffset, 16, expected, offset).into());
    }
    let mut bytes = [0; 1024];
    storage.read_exact_at(&mut bytes, offset).map_err(Error::io("reading the header", offset))?;
    let header = Header::read_from_bytes(&bytes);
    header.map_err(|_| Error::Refused("a header has 1024 bytes".into()))
}

/// Without these the header leads nowhere: cookie, checksum, block size, and a BAT that lies in the file.
pub(crate) fn readable(header: &Header, at: u64, len: u64, size: u64) -> Result<(), Finding> {
    let finding = |rule, field: u64, expected: &dyn fmt::Display, found: &dyn fmt::Display| {
        Err(Finding::new(Part::Header, rule, at + field, expected, found))
    };
    if header.cookie != HEADER_COOKIE {
        let found = format_args!("\"{}\"", header.cookie.escape_ascii()).to_string();
        return finding(Rule::Cookie, 0, &"\"cxsparse\"", &found);
    }
    let sum = header.computed_checksum();
    if header.checksum.get() != sum {
        let found = format!("{:#010x}", header.checksum);
        return finding(Rule::Checksum, 36, &format_args!("{sum:#010x}"), &found);
    }
    let block_size = header.block_size.get();
    if !block_size.is_power_of_two() || !(512..=1 << 30).contains(&block_size) {
        return finding(Rule::BlockSize, 32, &"a power of two from 512 bytes to 1 GiB", &block_size);
    }
    let entries = u64::from(header.max_bat_entries.get());
    let blocks = size.div_ceil(u64::from(block_size));
    if blocks > entries {
        let expected = format_args!("{blocks} entries for {size} bytes").to_string();
        return finding(Rule::BatSize, 28, &expected, &entries);
    }
    let table = header.table_offset.get();
    let end = table.saturating_add(blocks * 4);
    let apart = table >= at + HEADER_SIZE || end <= at;
    if !table.is_multiple_of(SECTOR_SIZE) || table < SECTOR_SIZE || !apart || end > len {
        let expected =
            format!("a sector behind the header, with {} bytes before the end at {len}", blocks * 4);
        return finding(Rule::TableOffset, 16, &expected, &table);
    }
    Ok(())
}

/// Every rule that the header at `at` breaks in what it says of the image itself.
pub(crate) fn judge(header: &Header, at: u64, out: &mut Findings) {
    let mut rule = |holds: bool, rule, field: u64, expected: &dyn fmt::Display, found: &dyn fmt::Display| {
        out.require(holds, || Finding::new(Part::Header, rule, at + field, expected, found));
    };
    let version = header.version.get();
    rule(version == VERSION_1_0, Rule::Version, 24, &"0x00010000", &format_args!("{version:#010x}"));
    let unused = header.data_offset.get();
    rule(unused == NO_OFFSET, Rule::DataOffset, 8, &NO_OFFSET, &unused);
    let dirty = header.reserved2.iter().position(|b| *b != 0);
    rule(header.reserved1.get() == 0, Rule::Reserved, 60, &"zeros", &header.reserved1);
    rule(dirty.is_none(), Rule::Reserved, 768 + dirty.unwrap_or(0) as u64, &"zeros", &"other bytes");
}

/// Every rule that the header at `at` breaks in what it says of a parent, short of the locators.
pub(crate) fn judge_parent(header: &Header, at: u64, kind: DiskType, now: VhdTime, out: &mut Findings) {
    let mut rule = |holds: bool, rule, field: u64, expected: &dyn fmt::Display, found: &dyn fmt::Display| {
        out.require(holds, || Finding::new(Part::Header, rule, at + field, expected, found));
    };
    let (stamp, name) = (VhdTime(header.parent_timestamp.get()), parent_name(header));
    if kind == DiskType::Differencing {
        let (latest, found) = (format!("no later than {now}"), format!("parent written {stamp}"));
        rule(!stamp.is_future(now), Rule::FutureTime, 56, &latest, &found);
        rule(name.is_ok(), Rule::ParentName, 64, &"a file name in UTF-16", &"other bytes");
    } else {
        let none = Rule::NotDifferencing;
        rule(header.parent_name == [0; 512], none, 64, &"no parent name", &"a parent name");
        let locators = header.locators.iter().all(|l| l.code.get() == 0);
        rule(locators, none, 576, &"no parent locators", &"parent locators");
        rule(header.parent_uuid == [0; 16], none, 40, &"no parent uuid", &"a parent uuid");
        rule(stamp.0 == 0, none, 56, &"no parent timestamp", &stamp);
    }
}

/// Bytes that the BAT of `header` takes in the file.
pub(crate) fn table_size(header: &Header) -> u64 {
    padded(u64::from(header.max_bat_entries.get()) * 4).max(SECTOR_SIZE)
}
