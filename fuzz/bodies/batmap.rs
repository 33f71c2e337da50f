//! A lying batmap: its head, its bits, its checksum.

use vhd_porter::vhd::Storage;

use super::ask;
use super::disk::Disk;
use super::images::{SECTOR, header_of, lie, sound};
use super::input::Input;

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let how = input.byte();
    let disk = sound(usize::from(how & 7));
    let header = header_of(&disk);
    let table = u64::from(header.max_bat_entries.get()) * 4;
    let head_at = header.table_offset.get().saturating_add(table.next_multiple_of(512).max(512));
    let mut batmap = disk.bytes(head_at, 3 * SECTOR);
    lie(&mut batmap, &mut input);
    disk.put(head_at, &batmap);
    if how & 8 == 0 {
        seal(&disk, head_at);
    }
    ask::everything(&disk);
}

/// The checksum of so much of the map as any disk of ours has.
fn seal(disk: &Disk, head_at: u64) {
    let head = disk.bytes(head_at, 32);
    let map_at = u64::from_be_bytes(head[8..16].try_into().expect("8 bytes"));
    let size = ask::size_of(disk);
    let summed = (size >> 24).next_multiple_of(512).max(512);
    if map_at < disk.len().expect("memory") && summed <= 1 << 20 {
        let map = disk.bytes(map_at, summed as usize);
        let signed = head[20..24] == [0, 1, 0, 1];
        let sum = map.iter().fold(0u32, |sum, b| {
            let sum = sum.wrapping_add(u32::from(*b));
            if signed && *b >= 0x80 { sum.wrapping_sub(0x100) } else { sum }
        });
        disk.put(head_at + 24, &(!sum).to_be_bytes());
    }
}
