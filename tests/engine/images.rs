//! Images to test with, and what every test asks of a sound one.

use std::io;
use std::rc::Rc;

use proptest::test_runner::Config;
use uuid::Uuid;
use vhd_porter::vhd::{self, Chain, Image, Memory, ParentLink, Scope, Storage, VhdTime};

/// 2024-03-01 12:00:00 UTC.
pub(crate) const NOW: VhdTime = VhdTime(762_609_600);

/// Bytes in a sector and in a block, as indices.
pub(crate) const SECTOR: usize = 512;
pub(crate) const BLOCK: usize = 2 << 20;

/// The uuid of the link `number`.
pub(crate) fn uuid(number: usize) -> Uuid {
    Uuid::from_u128(0x5ca3_034b_9b09_4a0c_8f0e_0000_0000_0000 + number as u128)
}

/// What the child of link `number` is told of it.
pub(crate) fn link_to(number: usize) -> ParentLink {
    ParentLink { file_name: format!("{}.vhd", uuid(number)), uuid: uuid(number), modified: NOW }
}

/// As many cases as `PROPTEST_CASES` says, else `cases`.
pub(crate) fn config(cases: u32) -> Config {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config
}

/// `length` bytes in which every sector differs from every other: they say `seed` and their own number.
pub(crate) fn content(seed: u32, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    for (number, sector) in (0u32..).zip(bytes.chunks_mut(SECTOR)) {
        let word = ((u64::from(seed) << 32) + u64::from(number) + 1).to_be_bytes();
        sector.chunks_mut(8).for_each(|c| c.copy_from_slice(&word[..c.len()]));
    }
    bytes
}

/// Memory that outlives the image on it, so that the image can be opened again.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shared(pub(crate) Rc<Memory>);

impl Storage for Shared {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(buf, offset)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

/// Gives the image on `storage` a disk of `size` bytes, no more than it had: what other programs make.
pub(crate) fn shrink<S: Storage>(storage: &S, size: u64) {
    let mut footer = Image::open(storage).unwrap().footer().clone();
    footer.current_size = size.into();
    footer.fit_geometry();
    footer.seal();
    let bytes = zerocopy::IntoBytes::as_bytes(&footer);
    let end = storage.len().unwrap() - SECTOR as u64;
    let places = if Image::open(storage).unwrap().header().is_some() { &[0, end][..] } else { &[end] };
    places.iter().for_each(|at| storage.write_at(bytes, *at).unwrap());
}

/// All that a chain of images, leaf first, shows to a guest.
pub(crate) fn disk<S: Storage>(links: impl IntoIterator<Item = S>) -> Vec<u8> {
    let links = links.into_iter().map(|storage| Image::open(storage).unwrap()).collect();
    let mut chain = Chain::join(links).unwrap();
    let mut bytes = vec![0; usize::try_from(chain.virtual_size()).unwrap()];
    chain.read(vhd::Sector(0), &mut bytes).unwrap();
    bytes
}

/// Fails if a check finds anything.
#[track_caller]
pub(crate) fn assert_sound<S: Storage>(storage: &S) {
    assert_sound_at(storage, NOW);
}

/// Fails if a check at the time `now` finds anything.
#[track_caller]
pub(crate) fn assert_sound_at<S: Storage>(storage: &S, now: VhdTime) {
    // A repository holds no fixed disks; they are held to everything else.
    let is_fixed = Image::open(storage).unwrap().header().is_none();
    let scope = if is_fixed { Scope::Whole } else { Scope::Repository };
    let findings = vhd::check(storage, scope, now).unwrap().findings;
    assert!(findings.is_empty(), "{:#?}", findings.list);
}

/// Says where two disks differ, rather than showing megabytes.
#[track_caller]
pub(crate) fn assert_same(found: &[u8], expected: &[u8], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: another size");
    let sector = found.chunks(SECTOR).zip(expected.chunks(SECTOR)).position(|(a, b)| a != b);
    if let Some(sector) = sector {
        let show = |disk: &[u8]| disk[sector * SECTOR..].iter().take(16).copied().collect::<Vec<_>>();
        panic!("{what}: sector {sector} is {:x?}…, expected {:x?}…", show(found), show(expected));
    }
}
