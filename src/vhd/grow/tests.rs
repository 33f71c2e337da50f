//! Growing a disk: what moves, and what a stop leaves.

use std::cell::Cell;
use std::io;

use uuid::Uuid;

use super::super::{
    Chain, Memory, ParentLink, Scope, Sector, Undo, VhdTime, check, create_differencing, create_dynamic,
};
use super::*;

/// A disk whose power goes after so many writes.
struct Doomed<'a> {
    memory: &'a Memory,
    left: Cell<u32>,
}

impl Storage for Doomed<'_> {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.memory.read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.spend()?;
        self.memory.write_at(buf, offset)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.spend()?;
        self.memory.set_len(len)
    }
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Doomed<'_> {
    fn spend(&self) -> io::Result<()> {
        let left = self.left.get().checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        self.left.set(left);
        Ok(())
    }
}

/// A child with data in its first and last block.
fn child() -> Memory {
    let storage = Memory::default();
    let link = ParentLink { file_name: "base.vhd".into(), uuid: Uuid::from_u128(1), modified: VhdTime(0) };
    let mut image = create_differencing(&storage, 8 << 20, Uuid::from_u128(2), VhdTime(0), &link).unwrap();
    image.write(Sector(7), &[7; 1024]).unwrap();
    image.write(Sector(3 * 4096), &[8; 2 << 20]).unwrap();
    drop(image);
    storage
}

fn content(storage: &Memory) -> (Vec<u8>, Vec<u8>) {
    let mut image = Image::open(storage).unwrap();
    let mut read = |sector: u64, count: u64| {
        let (super::super::Extent::Data(offset), run) = image.extent(Sector(sector), count).unwrap() else {
            panic!("sector {sector} is not there")
        };
        assert_eq!(run, count);
        let mut bytes = vec![0; usize::try_from(count * 512).unwrap()];
        storage.read_exact_at(&mut bytes, offset).unwrap();
        bytes
    };
    (read(7, 2), read(3 * 4096, 4096))
}

#[test]
fn a_grown_image_checks_and_keeps_its_data() {
    let (storage, journal) = (child(), Memory::default());
    let before = content(&storage);
    Image::open(&storage).unwrap().grow(1200 << 20, &journal).unwrap();
    let checkup = check(&storage, Scope::Repository, VhdTime(0)).unwrap();
    assert!(checkup.findings.is_empty(), "{:?}", checkup.findings);
    let image = Image::open(&storage).unwrap();
    assert_eq!((image.virtual_size(), image.header().unwrap().max_bat_entries.get()), (1200 << 20, 600));
    assert_eq!(image.locators().unwrap()[0].path.as_deref(), Some("./base.vhd"));
    assert!(before == content(&storage));
}

#[test]
fn wherever_it_stops_the_journal_brings_the_image_back() {
    let whole = child().into_bytes();
    let mut stopped = 0;
    for writes in 0.. {
        let (storage, journal) = (Memory::new(whole.clone()), Memory::default());
        let disk = Doomed { memory: &storage, left: Cell::new(writes) };
        let done = Image::open(disk).unwrap().grow(1200 << 20, &journal).is_ok();
        if done {
            break;
        }
        stopped += 1;
        Undo::open(&journal).unwrap().apply(&storage).unwrap();
        let back = storage.into_bytes();
        let differs = back.iter().zip(&whole).position(|(a, b)| a != b);
        assert_eq!((back.len(), differs), (whole.len(), None), "after {writes} writes");
    }
    assert!(stopped > 10, "{stopped}");
}

#[test]
fn a_journal_of_another_image_is_refused() {
    let (storage, journal) = (child(), Memory::default());
    Image::open(&storage).unwrap().grow(1200 << 20, &journal).unwrap();
    let other = Memory::default();
    create_dynamic(&other, 8 << 20, Uuid::from_u128(9), VhdTime(0)).unwrap();
    assert!(Undo::open(&journal).unwrap().apply(&other).is_err());
    assert!(Undo::open(Memory::new(vec![0; 4096])).is_err());
}

#[test]
fn room_that_is_there_is_used_in_place() {
    let storage = Memory::default();
    let wanted = super::super::Creation {
        size: 8 << 20,
        room: 64 << 20,
        uuid: Uuid::from_u128(3),
        now: VhdTime(0),
        parent: None,
    };
    let mut image = wanted.create(&storage).unwrap();
    image.write(Sector(0), &[1; 512]).unwrap();
    image.grow_in_place(64 << 20).unwrap();
    assert!(image.grow_in_place(66 << 20).is_err());
    assert!(image.grow_in_place(8 << 20).is_err());
    image.write(Sector(31 * 4096), &[2; 2 << 20]).unwrap();
    assert!(check(&storage, Scope::Repository, VhdTime(0)).unwrap().findings.is_empty());
    let mut chain = Chain::join(vec![Image::open(&storage).unwrap()]).unwrap();
    let mut sector = [0; 512];
    chain.read(Sector(0), &mut sector).unwrap();
    assert_eq!(sector, [1; 512]);
}
