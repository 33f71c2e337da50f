//! What happens to a chain, in the engine and in a model that is nothing but bytes.
//!
//! The input is a program: a first disk, then operations on it and on its children. Reads are compared as they come; in
//! the end every link is sound, needs no repair, says what it was told, and shows its disk, itself and flattened.

use std::io::Read;
use std::rc::Rc;

use vhd_porter::vhd::{
    self, BLOCK_SIZE, Chain, DiskType, Flattened, Image, ParentLink, Scope, Sector, Storage, check,
};

use super::disk::Disk;
use super::images::{NOW, SECTOR, reshape, uuid};
use super::input::Input;

/// Links of the longest chain.
const LINKS: usize = 5;

/// Operations of the longest program.
const STEPS: usize = 64;

/// A disk that outlives the image on it.
type Shared = Rc<Disk>;

/// An image behind a reference, so that links can be put together to chains in any number.
type Link = Image<Handle>;

/// `Rc` is not ours to implement `Storage` for.
#[derive(Debug, Clone, Default)]
struct Handle(Shared);

impl Storage for Handle {
    fn len(&self) -> std::io::Result<u64> {
        Storage::len(&*self.0)
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        self.0.read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> std::io::Result<()> {
        self.0.write_at(buf, offset)
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }
    fn sync(&self) -> std::io::Result<()> {
        self.0.sync()
    }
}

/// One link as it should be: the disk as it is seen from here, and which of its sectors are this link's own.
struct Model {
    disk: Vec<u8>,
    own: Vec<bool>,
    hidden: bool,
    parent_name: Option<String>,
}

/// A chain, base first.
struct World {
    block_size: u32,
    models: Vec<Model>,
    images: Vec<Link>,
}

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut world = World::new(&mut input);
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        world.step(&mut input);
    }
    world.judge();
}

impl World {
    fn new(input: &mut Input<'_>) -> Self {
        let how = input.byte();
        let block_size = [4096, 512, 64 << 10, BLOCK_SIZE][usize::from(how & 3)];
        let fixed = how & 12 == 12;
        let blocks = match block_size {
            BLOCK_SIZE => u64::from(how >> 6 & 1) + 1,
            _ => u64::from(how >> 4) + 1,
        };
        // The last block may lie partly beyond the disk.
        let less = u64::from(input.byte()) * 512 % u64::from(block_size);
        let size = blocks * u64::from(block_size) - less;
        let storage = Handle::default();
        if fixed {
            vhd::create_fixed(&storage, size, uuid(0), NOW).expect("a fixed disk");
        } else {
            vhd::create_dynamic(&storage, blocks * u64::from(BLOCK_SIZE), uuid(0), NOW).expect("a disk");
            reshape(&storage.0, block_size, size);
        }
        let image = Image::open(storage).expect("a new disk");
        let disk = vec![0; usize::try_from(image.virtual_size()).expect("a small disk")];
        let own = vec![fixed; disk.len() / SECTOR];
        let model = Model { disk, own, hidden: false, parent_name: None };
        Self { block_size, models: vec![model], images: vec![image] }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let what = input.byte();
        let link = usize::from(what >> 5) % self.images.len();
        match what & 15 {
            0 | 1 if self.images.len() < LINKS => self.snapshot(input.byte()),
            2 => {
                let hidden = input.byte() & 1 != 0;
                self.images[link].set_hidden(hidden).expect("a sound image");
                self.models[link].hidden = hidden;
            }
            3 => self.relink(link, input),
            4 => self.reopen(link, input.byte() & 1 != 0),
            5 => self.flatten(link),
            6..=8 => self.read(link, input),
            9 => assert!(!vhd::repair_footers(self.images[link].storage()).expect("a sound image")),
            _ => self.write(link, input),
        }
    }

    fn snapshot(&mut self, more: u8) {
        let number = self.images.len();
        let below = self.models.last().expect("a base");
        let mut disk = below.disk.clone();
        // Mostly of the same size.
        let more = if more < 128 { 0 } else { usize::from(more - 127) };
        disk.resize(disk.len() + more * SECTOR, 0);
        let name = format!("{}.vhd", uuid(number - 1));
        let parent = ParentLink { file_name: name.clone(), uuid: uuid(number - 1), modified: NOW };
        let (size, storage) = (disk.len() as u64, Handle::default());
        // Room for as many blocks as it will have.
        let blocks = size.div_ceil(u64::from(self.block_size));
        let room = blocks * u64::from(BLOCK_SIZE);
        vhd::create_differencing(&storage, room, uuid(number), NOW, &parent).expect("a child");
        reshape(&storage.0, self.block_size, size);
        self.images.push(Image::open(storage).expect("a new child"));
        let own = vec![false; disk.len() / SECTOR];
        self.models.push(Model { disk, own, hidden: false, parent_name: Some(name) });
    }

    fn relink(&mut self, link: usize, input: &mut Input<'_>) {
        let name: String = input.text().chars().filter(|c| !c.is_control() && !"/\\".contains(*c)).collect();
        if link == 0 {
            return;
        }
        let parent = ParentLink { file_name: name, uuid: uuid(link - 1), modified: NOW };
        let before = self.images[link].storage().0.bytes(0, 4096);
        match self.images[link].set_parent(&parent) {
            Ok(()) => self.models[link].parent_name = Some(parent.file_name),
            // Too long for a header, or for the room of its locators; nothing may have changed that counts.
            Err(_) => assert_eq!(before[..1536], self.images[link].storage().0.bytes(0, 1536)),
        }
    }

    fn reopen(&mut self, link: usize, by_copy: bool) {
        let storage = self.images[link].storage().clone();
        let by_copy = by_copy && self.images[link].kind() != DiskType::Fixed;
        let opened = if by_copy { Image::open_by_copy(storage) } else { Image::open(storage) };
        self.images[link] = opened.expect("a sound image");
    }

    /// Where something happens, and how far: often at the edges of blocks, sometimes over several.
    fn range(&self, link: usize, input: &mut Input<'_>) -> std::ops::Range<usize> {
        let all = self.models[link].own.len();
        let (at, count) = (input.choice(all), usize::from(input.byte()));
        let per_block = self.block_size as usize / SECTOR;
        let (at, count) = match count {
            0..160 => (at, count % 24 + 1),
            160..200 => (at / per_block * per_block, per_block),
            200..230 => ((at / per_block * per_block + per_block).saturating_sub(count % 4), count % 8 + 1),
            _ => (at, (count - 229) * per_block / 8 + 1),
        };
        let at = at.min(all - 1);
        at..all.min(at + count)
    }

    fn write(&mut self, link: usize, input: &mut Input<'_>) {
        let seed = input.byte();
        let range = self.range(link, input);
        let mut data = vec![0; range.len() * SECTOR];
        if seed != 0 {
            for (number, sector) in range.clone().zip(data.chunks_mut(SECTOR)) {
                sector.fill(seed);
                sector[..8].copy_from_slice(&(number as u64).to_be_bytes());
            }
        }
        self.images[link].write(Sector(range.start as u64), &data).expect("a write inside the disk");
        self.models[link].own[range.clone()].fill(true);
        for (sector, bytes) in range.zip(data.chunks(SECTOR)) {
            // Seen from here, and from above wherever nothing is in front of it.
            let (here, above) = self.models[link..].split_first_mut().expect("a link");
            let seen = std::iter::once(here).chain(above.iter_mut().take_while(|model| !model.own[sector]));
            seen.for_each(|model| model.disk[sector * SECTOR..][..SECTOR].copy_from_slice(bytes));
        }
    }

    /// Runs `action` on the chain whose leaf is `link`.
    fn chain<T>(&mut self, link: usize, action: impl FnOnce(&mut Chain<Handle>, &Model) -> T) -> T {
        let above = self.images.split_off(link + 1);
        let links = std::mem::take(&mut self.images).into_iter().rev().collect();
        let mut chain = Chain::join(links).expect("each names the next");
        let result = action(&mut chain, &self.models[link]);
        self.images = chain.into_links().into_iter().rev().chain(above).collect();
        result
    }

    fn read(&mut self, link: usize, input: &mut Input<'_>) {
        let range = self.range(link, input);
        self.chain(link, |chain, model| {
            let mut found = vec![0xee; range.len() * SECTOR];
            chain.read(Sector(range.start as u64), &mut found).expect("a read inside the disk");
            assert_same(&found, &model.disk[range.start * SECTOR..range.end * SECTOR], "a read");
        });
    }

    fn flatten(&mut self, link: usize) {
        let flat = self.chain(link, |chain, _| {
            let mut flat = Vec::new();
            let mut stream = Flattened::new(chain, uuid(99), NOW).expect("a small chain");
            let len = stream.len();
            stream.read_to_end(&mut flat).expect("a chain that can be read");
            assert_eq!(flat.len() as u64, len);
            flat
        });
        let flat = Disk::new(&flat);
        assert_sound(&flat, Scope::Repository);
        let image = Image::open(&flat).expect("a sound image");
        assert_eq!((image.uuid(), image.kind()), (uuid(99), DiskType::Dynamic));
        let mut found = Vec::new();
        Chain::join(vec![image]).expect("no parent").reader().read_to_end(&mut found).expect("memory");
        assert_same(&found, &self.models[link].disk, "a flattened disk");
    }

    fn judge(&mut self) {
        for link in 0..self.images.len() {
            let (image, model) = (&self.images[link], &self.models[link]);
            let storage = image.storage();
            let two_mib = image.header().is_some() && self.block_size == BLOCK_SIZE;
            assert_sound(storage, if two_mib { Scope::Repository } else { Scope::Whole });
            assert!(!vhd::repair_footers(storage).expect("a sound image"), "nothing to repair");
            let reopened = Image::open(storage).expect("a sound image");
            let deep = vhd::check_data(&reopened).expect("memory can be read");
            assert!(deep.is_empty(), "{:#?}", deep.list);
            assert_eq!(reopened.is_hidden(), model.hidden);
            if let Some(name) = &model.parent_name {
                let header = reopened.header().expect("a child has a header");
                assert_eq!(vhd::parent_name(header).as_ref(), Ok(name));
                let paths = reopened.locators().expect("memory can be read");
                let paths: Vec<_> = paths.into_iter().map(|l| l.path).collect();
                assert_eq!(paths, vec![Some(format!("./{name}")); 3]);
            }
            let links = self.images[..=link].iter().rev();
            let links = links.map(|i| Image::open(i.storage()).expect("a sound image")).collect();
            let mut found = Vec::new();
            let mut chain = Chain::join(links).expect("each names the next");
            chain.reader().read_to_end(&mut found).expect("memory can be read");
            assert_same(&found, &model.disk, "a whole disk");
        }
    }
}

#[track_caller]
fn assert_sound<S: Storage>(storage: &S, scope: Scope) {
    let findings = check(storage, scope, NOW).expect("memory can be read").findings;
    assert!(findings.is_empty(), "{:#?}", findings.list);
}

/// Says where two disks differ, rather than showing all of them.
#[track_caller]
fn assert_same(found: &[u8], expected: &[u8], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: another size");
    let sector = found.chunks(SECTOR).zip(expected.chunks(SECTOR)).position(|(a, b)| a != b);
    if let Some(at) = sector {
        let show = |disk: &[u8]| disk[at * SECTOR..].iter().take(16).copied().collect::<Vec<_>>();
        panic!("{what}: sector {at} is {:x?}…, expected {:x?}…", show(found), show(expected));
    }
}
