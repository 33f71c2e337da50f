//! Images that lie: whatever the bytes say, the engine answers, soon, and in little memory.

use std::io;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use vhd_porter::vhd::{self, Chain, Footer, Header, Image, Memory, Scope, Sector, Storage};
use zerocopy::{FromBytes, IntoBytes};

use crate::images::{BLOCK, NOW, SECTOR, config, content, link_to, shrink, uuid};

/// Most memory that looking at an image, or changing it, may take; the storage of the test itself is in it.
const MEMORY: u64 = 64 << 20;

/// Longest that one case may take, unoptimised and on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A disk in memory that is full at 16 MiB: a lying BAT must not make the test take the memory.
struct Small(Memory);

const FULL: u64 = 16 << 20;

impl Storage for Small {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let fits = offset.checked_add(buf.len() as u64).is_some_and(|end| end <= FULL);
        if fits { self.0.write_at(buf, offset) } else { Err(io::ErrorKind::StorageFull.into()) }
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        if len <= FULL { self.0.set_len(len) } else { Err(io::ErrorKind::StorageFull.into()) }
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

/// What is done to a good image.
#[derive(Debug, Clone)]
enum Lie {
    /// A number written somewhere into both footers, which are sealed again or not.
    Footer {
        at: Index,
        bytes: Vec<u8>,
        sealed: bool,
    },
    /// The same in the header.
    Header {
        at: Index,
        bytes: Vec<u8>,
        sealed: bool,
    },
    /// The same anywhere in the first kilobytes: BAT, batmap, locators.
    Metadata {
        at: Index,
        bytes: Vec<u8>,
    },
    /// An entry of the BAT.
    Bat {
        at: Index,
        entry: u32,
    },
    /// The file cut, or extended by this many bytes.
    Cut {
        at: Index,
    },
    Extend {
        by: usize,
    },
}

fn lie() -> impl Strategy<Value = Lie> {
    let at = any::<Index>;
    // Numbers at the edges, in fields of every width; and any bytes at all.
    let edges =
        vec![0, 1, 2, 511, 512, 513, 1536, 1 << 21, 1 << 30, (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 52];
    let edges =
        edges.into_iter().chain([u64::from(u32::MAX) - 7, u64::MAX - 511, u64::MAX]).collect::<Vec<_>>();
    let number = (select(edges), select(vec![1usize, 2, 4, 8]))
        .prop_map(|(number, width)| number.to_be_bytes()[8 - width..].to_vec());
    let bytes = || prop_oneof![3 => number.clone(), 1 => prop::collection::vec(any::<u8>(), 1..16)];
    let sealed = || prop::bool::weighted(0.9);
    let entry = prop_oneof![0..64u32, 4000..9000u32, (u32::MAX - 5000)..=u32::MAX, any::<u32>()];
    prop_oneof![
        3 => (at(), bytes(), sealed()).prop_map(|(at, bytes, sealed)| Lie::Footer { at, bytes, sealed }),
        3 => (at(), bytes(), sealed()).prop_map(|(at, bytes, sealed)| Lie::Header { at, bytes, sealed }),
        3 => (at(), bytes()).prop_map(|(at, bytes)| Lie::Metadata { at, bytes }),
        2 => (at(), entry).prop_map(|(at, entry)| Lie::Bat { at, entry }),
        1 => at().prop_map(|at| Lie::Cut { at }),
        1 => (1..2000usize).prop_map(|by| Lie::Extend { by }),
    ]
}

/// Where fields begin that lead somewhere: those are lied about more often than the rest.
const FOOTER_FIELDS: [usize; 10] = [0, 8, 16, 28, 32, 40, 48, 56, 60, 84];
const HEADER_FIELDS: [usize; 12] = [0, 8, 16, 20, 28, 32, 40, 576, 580, 584, 592, 596];

impl Lie {
    fn tell(&self, image: &mut Vec<u8>) {
        match self {
            Self::Footer { at, bytes, sealed } => {
                let Some(start) = image.len().checked_sub(SECTOR) else { return };
                let mut footer = Footer::read_from_bytes(&image[start..]).unwrap();
                overwrite(footer.as_mut_bytes(), field(at, &FOOTER_FIELDS, SECTOR), bytes);
                if *sealed {
                    footer.seal();
                }
                image[start..].copy_from_slice(footer.as_bytes());
                image[..SECTOR].copy_from_slice(footer.as_bytes());
            }
            Self::Header { at, bytes, sealed } => {
                let Some(place) = image.get_mut(SECTOR..3 * SECTOR) else { return };
                let mut header = Header::read_from_bytes(place).unwrap();
                overwrite(header.as_mut_bytes(), field(at, &HEADER_FIELDS, 2 * SECTOR), bytes);
                if *sealed {
                    header.seal();
                }
                place.copy_from_slice(header.as_bytes());
            }
            Self::Metadata { at, bytes } => {
                let end = image.len().min(8 * SECTOR);
                overwrite(&mut image[..end], at.index(8 * SECTOR), bytes);
            }
            Self::Bat { at, entry } => overwrite(image, 3 * SECTOR + 4 * at.index(4), &entry.to_be_bytes()),
            Self::Cut { at } => image.truncate(at.index(image.len() + 1)),
            Self::Extend { by } => image.resize(image.len() + by, 0),
        }
    }
}

/// One of `fields`, or anywhere.
fn field(at: &Index, fields: &[usize], end: usize) -> usize {
    let choice = at.index(4 * end);
    if choice < end { choice } else { fields[choice % fields.len()] }
}

/// Puts what fits of `bytes` into `buf`.
fn overwrite(buf: &mut [u8], at: usize, bytes: &[u8]) {
    let place = buf.get_mut(at..).unwrap_or_default();
    let fits = place.len().min(bytes.len());
    place[..fits].copy_from_slice(&bytes[..fits]);
}

/// Good images of every kind, none longer than two blocks and their metadata.
fn good(kind: usize) -> Vec<u8> {
    let memory = Memory::default();
    let size = 2 * BLOCK as u64;
    let image = match kind {
        0 => vhd::create_fixed(&memory, BLOCK as u64, uuid(1), NOW),
        1 => vhd::create_differencing(&memory, size + 512, uuid(1), NOW, &link_to(0)),
        _ => vhd::create_dynamic(&memory, size, uuid(1), NOW),
    };
    let mut image = image.unwrap();
    image.write(Sector(7), &content(1, 9 * SECTOR)).unwrap();
    if kind == 2 {
        image.write(Sector(4096), &content(2, BLOCK)).unwrap();
        shrink(&memory, size - 512);
    }
    memory.into_bytes()
}

/// Something that can be tried with an image.
type Change = fn(&Small) -> Result<(), vhd::Error>;

/// Asks the engine everything that can be asked of an image, and to change what can be changed. Answers are of no
/// interest here.
fn ask_everything(bytes: &[u8]) {
    let (storage, base) = (Memory::new(bytes.to_vec()), Memory::default());
    vhd::create_dynamic(&base, BLOCK as u64, uuid(0), NOW).unwrap();
    for scope in [Scope::Body, Scope::Whole, Scope::Repository] {
        let checkup = vhd::check(&storage, scope, NOW).expect("memory can be read");
        assert!(checkup.findings.list.len() <= 200);
    }
    let opened = [Image::open(&storage), Image::open_by_copy(&storage)];
    for mut image in opened.into_iter().flatten() {
        let _ = (image.locators(), image.allocated_blocks(), image.data_end(), image.metadata(true));
        let last = (image.virtual_size() / 512).saturating_sub(1);
        for sector in [0, 4095, last / 2, last, u64::MAX] {
            let _ = image.extent(Sector(sector), 10_000);
        }
        let parent = image.parent_uuid().map(|_| Image::open(&base).unwrap());
        let Ok(mut chain) = Chain::join([image].into_iter().chain(parent).collect()) else { continue };
        let mut piece = vec![0; 64 * SECTOR];
        for sector in [0, 4090, last / 2, last.saturating_sub(63)] {
            let _ = chain.read(Sector(sector), &mut piece);
        }
    }
    let changes: [Change; 5] = [
        |storage| vhd::repair_footers(storage).map(drop),
        |storage| Image::open(storage)?.set_hidden(true),
        |storage| Image::open(storage)?.set_parent(&link_to(2)),
        |storage| Image::open(storage)?.normalise_geometry().map(drop),
        |storage| {
            let mut image = Image::open(storage)?;
            image.write(Sector(4000), &[1; 100 * SECTOR])?;
            image.write(Sector(4096), &[2; BLOCK])
        },
    ];
    for change in changes {
        let _ = change(&Small(Memory::new(bytes.to_vec())));
    }
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn no_image_makes_the_engine_panic_or_swell_or_stall(
        kind in 0..4usize,
        lies in prop::collection::vec(lie(), 1..5),
    ) {
        let mut image = good(kind);
        lies.iter().for_each(|lie| lie.tell(&mut image));
        let began = Instant::now();
        let used = allocation_counter::measure(|| ask_everything(&image)).bytes_max;
        prop_assert!(used <= MEMORY, "{} MiB", used >> 20);
        prop_assert!(began.elapsed() <= PATIENCE, "{:?}", began.elapsed());
    }
}

#[test]
fn a_file_that_was_cut_does_not_grow() {
    // Its only block is not whole: a block behind it would pass off the missing part as zeros.
    let mut bytes = good(3);
    bytes.truncate(bytes.len() - 2 * SECTOR);
    let storage = Memory::new(bytes.clone());
    let mut image = Image::open(&storage).unwrap();
    let refused = image.write(Sector(4096), &[1; SECTOR]);
    assert!(matches!(refused, Err(vhd::Error::Invalid(f)) if f.rule == vhd::Rule::BlockPastEnd));
    assert!(storage.into_bytes() == bytes);
}
