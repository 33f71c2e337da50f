//! Sound images, made once, and the ways to lie in them.

use std::thread::LocalKey;

use uuid::Uuid;
use vhd_porter::vhd::{self, Footer, Header, Image, ParentLink, Sector, Storage, VhdTime};
use zerocopy::{FromBytes, IntoBytes};

use super::disk::Disk;
use super::input::Input;

/// 2024-03-01 12:00:00 UTC.
pub(crate) const NOW: VhdTime = VhdTime(762_609_600);

pub(crate) const SECTOR: usize = 512;

const BLOCK: u64 = 2 << 20;

pub(crate) fn uuid(number: usize) -> Uuid {
    Uuid::from_u128(0x6b1f_93d0_2c44_4f6e_9a70_0000_0000_0000 + number as u128)
}

/// What a child is told of link `number`.
pub(crate) fn link_to(number: usize) -> ParentLink {
    ParentLink { file_name: format!("{}.vhd", uuid(number)), uuid: uuid(number), modified: NOW }
}

/// Makes blocks of `block_size` bytes and a disk of `size` bytes of a new image, whose BAT must have room for as many blocks:
/// what other programs make.
pub(crate) fn reshape(disk: &Disk, block_size: u32, size: u64) {
    let image = Image::open(disk).expect("a new image");
    let (mut footer, header) = (image.footer().clone(), image.header().cloned());
    footer.current_size = size.into();
    footer.original_size = size.into();
    footer.fit_geometry();
    put_footers(disk, footer, Seal::Yes);
    if let Some(mut header) = header {
        header.block_size = block_size.into();
        put_header(disk, header, Seal::Yes);
    }
}

thread_local! {
    static DYNAMIC: Disk = dynamic(3 * BLOCK);
    static CHILD: Disk = differencing();
    static FIXED: Disk = fixed();
    static FOREIGN: Disk = foreign();
    static WIDE: Disk = dynamic(20_000 * BLOCK);
    static SMALL_BLOCKS: Disk = small_blocks();
}

/// One of the sound images, as a copy. The parent of the second is the first.
pub(crate) fn sound(choice: usize) -> Disk {
    let images: [&'static LocalKey<Disk>; 6] = [&DYNAMIC, &CHILD, &FIXED, &FOREIGN, &WIDE, &SMALL_BLOCKS];
    images[choice % images.len()].with(Disk::clone)
}

/// A block that is full, one of which the last sectors are there, and the rest empty.
fn dynamic(size: u64) -> Disk {
    let disk = Disk::default();
    let mut image = vhd::create_dynamic(&disk, size, uuid(0), NOW).expect("an image");
    image.write(Sector(0), &vec![0x11; 2 << 20]).expect("a write");
    image.write(Sector(2 * 4096 - 9), &[0x22; 9 * SECTOR]).expect("a write");
    disk
}

fn differencing() -> Disk {
    let disk = Disk::default();
    let image = vhd::create_differencing(&disk, 3 * BLOCK, uuid(1), NOW, &link_to(0));
    image.expect("an image").write(Sector(4090), &[0x33; 16 * SECTOR]).expect("a write");
    disk
}

fn fixed() -> Disk {
    let disk = Disk::default();
    let image = vhd::create_fixed(&disk, BLOCK, uuid(0), NOW);
    image.expect("an image").write(Sector(7), &[0x44; 9 * SECTOR]).expect("a write");
    disk
}

/// Nobody's batmap, and a disk that ends inside its last block.
fn foreign() -> Disk {
    let disk = dynamic(2 * BLOCK);
    let mut footer = Image::open(&disk).expect("an image").footer().clone();
    footer.creator_app = *b"win ";
    footer.current_size = (2 * BLOCK - 512).into();
    footer.fit_geometry();
    put_footers(&disk, footer, Seal::Yes);
    disk
}

fn small_blocks() -> Disk {
    let disk = Disk::default();
    drop(vhd::create_dynamic(&disk, 64 * BLOCK, uuid(0), NOW).expect("an image"));
    reshape(&disk, 4096, 64 * 4096 - 512);
    let mut image = Image::open(&disk).expect("an image");
    image.write(Sector(3), &[0x55; 20 * SECTOR]).expect("a write");
    disk
}

/// Whether a structure gets the checksum that belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    Yes,
    No,
}

/// The footer in the last 512 bytes.
pub(crate) fn footer_of(disk: &Disk) -> Footer {
    let end = Storage::len(disk).unwrap_or(0).saturating_sub(SECTOR as u64);
    Footer::read_from_bytes(&disk.bytes(end, SECTOR)).expect("512 bytes")
}

/// The header where it is in every image of ours.
pub(crate) fn header_of(disk: &Disk) -> Header {
    Header::read_from_bytes(&disk.bytes(512, 1024)).expect("1024 bytes")
}

/// Puts `footer` at the end, and at the start where there is a copy.
pub(crate) fn put_footers(disk: &Disk, mut footer: Footer, seal: Seal) {
    if seal == Seal::Yes {
        footer.seal();
    }
    let end = Storage::len(disk).unwrap_or(0).saturating_sub(SECTOR as u64);
    if disk.bytes(0, 8) == b"conectix" {
        disk.put(0, footer.as_bytes());
    }
    disk.put(end, footer.as_bytes());
}

pub(crate) fn put_header(disk: &Disk, mut header: Header, seal: Seal) {
    if seal == Seal::Yes {
        header.seal();
    }
    disk.put(512, header.as_bytes());
}

/// Changes `structure` as the rest of `input` says: all of it from its start, or a few bytes here and there.
pub(crate) fn lie(structure: &mut [u8], input: &mut Input<'_>) {
    if input.byte() & 1 == 0 {
        let bytes = input.take(structure.len());
        structure[..bytes.len()].copy_from_slice(bytes);
        return;
    }
    while !input.is_empty() {
        let at = input.choice(structure.len());
        let count = usize::from(input.byte() % 16) + 1;
        let bytes = input.take(count.min(structure.len() - at));
        structure[at..at + bytes.len()].copy_from_slice(bytes);
    }
}
