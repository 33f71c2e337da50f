//! A lying BAT, in a file of any length: entries from the fuzzer, or sound ones with some changed.

use vhd_porter::vhd::Storage;

use super::ask;
use super::images::{footer_of, header_of, lie, put_footers, sound};
use super::input::Input;

/// Bytes of the table that the fuzzer may fill.
const MOST: usize = 4096;

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let how = input.byte();
    let disk = sound(usize::from(how & 7));
    if how & 8 != 0 {
        // The file gets a footer at another end.
        let len = disk.len().expect("memory");
        let footer = footer_of(&disk);
        let sectors = u64::from(input.short()) + 1;
        disk.set_len(if how & 16 == 0 { sectors * 512 } else { len + sectors * 512 }).expect("memory");
        put_footers(&disk, footer, super::images::Seal::Yes);
    }
    let header = header_of(&disk);
    let (offset, entries) = (header.table_offset.get(), header.max_bat_entries.get());
    let mut table = disk.bytes(offset, (entries as usize).saturating_mul(4).min(MOST));
    lie(&mut table, &mut input);
    disk.put(offset, &table);
    ask::everything(&disk);
}
