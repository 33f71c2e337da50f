//! A whole image of the fuzzer's bytes, behind one byte that says which checksums are put right and how many zeros stand
//! before the last sector.

use vhd_porter::vhd::{Footer, Header, Storage};
use zerocopy::{FromBytes, IntoBytes};

use super::ask;
use super::disk::Disk;
use super::images::{SECTOR, Seal, footer_of, put_header};
use super::input::Input;

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let how = input.byte();
    let (front, tail) = input.0.split_at(input.0.len().saturating_sub(SECTOR));
    let disk = Disk::new(front);
    let gap = u64::from(how >> 4) * (1 << 20);
    disk.set_len(front.len() as u64 + gap).expect("memory");
    disk.write_at(tail, front.len() as u64 + gap).expect("memory");
    if how & 1 != 0 && tail.len() == SECTOR {
        let mut footer = footer_of(&disk);
        footer.seal();
        disk.put(front.len() as u64 + gap, footer.as_bytes());
    }
    if how & 2 != 0 {
        let mut copy = Footer::read_from_bytes(&disk.bytes(0, SECTOR)).expect("512 bytes");
        copy.seal();
        disk.put(0, copy.as_bytes());
    }
    if how & 4 != 0 {
        let header = Header::read_from_bytes(&disk.bytes(512, 1024)).expect("1024 bytes");
        put_header(&disk, header, Seal::Yes);
    }
    ask::everything(&disk);
}
