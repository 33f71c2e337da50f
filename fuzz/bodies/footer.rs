//! A lying footer: at the end, at the start, or in both places.

use vhd_porter::vhd::{Footer, Storage};
use zerocopy::{FromBytes, IntoBytes};

use super::ask;
use super::images::{SECTOR, Seal, footer_of, lie, put_footers, sound};
use super::input::Input;

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let how = input.byte();
    let disk = sound(usize::from(how & 7));
    let (seal, place) = (if how & 8 == 0 { Seal::Yes } else { Seal::No }, how >> 4 & 3);
    let mut footer = footer_of(&disk).as_bytes().to_vec();
    lie(&mut footer, &mut input);
    let mut footer = Footer::read_from_bytes(&footer).expect("512 bytes");
    if seal == Seal::Yes {
        footer.seal();
    }
    let len = disk.len().expect("memory");
    match place {
        0 | 3 => put_footers(&disk, footer, Seal::No),
        1 => disk.put(0, footer.as_bytes()),
        _ => disk.put(len - SECTOR as u64, footer.as_bytes()),
    }
    // Of 511 bytes, as early Virtual PC wrote them.
    if how & 64 != 0 {
        disk.set_len(len - 1).expect("memory");
    }
    ask::everything(&disk);
}
