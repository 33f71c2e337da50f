//! Random histories of a chain, in the engine and in a model that is nothing but bytes.

use std::io::Read as _;

use proptest::prelude::*;
use vhd_porter::vhd::{self, Chain, DiskType, Image, ParentLink, Sector, Snapshot};

use crate::images::{BLOCK, NOW, SECTOR, Shared, assert_same, assert_sound, config, content, shrink, uuid};

/// What happens to a chain. Links and places are indices into what there is when it happens.
#[derive(Debug, Clone)]
enum Op {
    /// A child on top, with a disk that is larger by this many sectors.
    Snapshot { more: usize },
    /// Sectors written: of content that names `seed`, or zeros.
    Write { link: prop::sample::Index, at: prop::sample::Index, sectors: usize, seed: Option<u32> },
    /// The hidden flag set or cleared.
    Hide { link: prop::sample::Index, hidden: bool },
    /// The link's parent given another file name.
    Relink { link: prop::sample::Index, name: String },
    /// The link closed and opened by its footer, or by the copy of that.
    Reopen { link: prop::sample::Index, by_copy: bool },
    /// What the link has of its own, into its parent.
    Coalesce { link: prop::sample::Index },
    /// The disk of the link on top made larger by this many sectors, blocks moved where they are in the way.
    Grow { more: usize },
    /// The disk as of this link, as one image.
    Flatten { link: prop::sample::Index },
    /// Some sectors of the disk as of this link.
    Read { link: prop::sample::Index, at: prop::sample::Index, sectors: usize },
}

fn op() -> impl Strategy<Value = Op> {
    let (index, at) = (any::<prop::sample::Index>, any::<prop::sample::Index>);
    // Some sectors, some pages, and sometimes more than a block.
    let sectors =
        || prop_oneof![4 => 1..24usize, 2 => (1..16usize).prop_map(|n| n * 8), 1 => 3000..9000usize];
    let seed = prop_oneof![4 => (1..u32::MAX).prop_map(Some), 1 => Just(None)];
    prop_oneof![
        2 => prop_oneof![2 => Just(0), 1 => 1..5000usize].prop_map(|more| Op::Snapshot { more }),
        8 => (index(), at(), sectors(), seed)
            .prop_map(|(link, at, sectors, seed)| Op::Write { link, at, sectors, seed }),
        1 => (index(), any::<bool>()).prop_map(|(link, hidden)| Op::Hide { link, hidden }),
        1 => (index(), "[a-zA-Z0-9é€ _-]{1,60}\\.vhd").prop_map(|(link, name)| Op::Relink { link, name }),
        1 => (index(), any::<bool>()).prop_map(|(link, by_copy)| Op::Reopen { link, by_copy }),
        1 => index().prop_map(|link| Op::Coalesce { link }),
        1 => (1..20_000usize).prop_map(|more| Op::Grow { more }),
        1 => index().prop_map(|link| Op::Flatten { link }),
        4 => (index(), at(), sectors()).prop_map(|(link, at, sectors)| Op::Read { link, at, sectors }),
    ]
}

/// One link as it should be: the disk as it is to be seen from here, and which of its sectors are this link's.
struct Model {
    disk: Vec<u8>,
    own: Vec<bool>,
    hidden: bool,
    parent_name: Option<String>,
}

/// A chain, base first.
struct World {
    models: Vec<Model>,
    images: Vec<Image<Shared>>,
}

impl World {
    /// A fixed or dynamic disk; the dynamic one has `sectors` sectors, as other programs make them.
    fn new(kind: DiskType, sectors: usize) -> Self {
        let size = sectors.next_multiple_of(BLOCK / SECTOR) * SECTOR;
        let create = if kind == DiskType::Fixed { vhd::create_fixed } else { vhd::create_dynamic };
        let storage = Shared::default();
        let mut image = create(storage.clone(), size as u64, uuid(0), NOW).unwrap();
        let mut disk = vec![0; size];
        if kind == DiskType::Dynamic {
            shrink(&storage, (sectors * SECTOR) as u64);
            disk.truncate(sectors * SECTOR);
            image = Image::open(storage).unwrap();
        }
        let own = vec![kind == DiskType::Fixed; disk.len() / SECTOR];
        Self { models: vec![Model { disk, own, hidden: false, parent_name: None }], images: vec![image] }
    }

    fn apply(&mut self, op: &Op) {
        let count = self.images.len();
        match op {
            Op::Snapshot { more } => self.snapshot(*more),
            Op::Write { link, at, sectors, seed } => self.write(link.index(count), at, *sectors, *seed),
            Op::Hide { link, hidden } => {
                self.images[link.index(count)].set_hidden(*hidden).unwrap();
                self.models[link.index(count)].hidden = *hidden;
            }
            Op::Relink { link, name } => {
                let link = link.index(count);
                if link > 0 {
                    let parent = ParentLink { file_name: name.clone(), uuid: uuid(link - 1), modified: NOW };
                    self.images[link].set_parent(&parent).unwrap();
                    self.models[link].parent_name = Some(name.clone());
                }
            }
            Op::Reopen { link, by_copy } => {
                let image = &mut self.images[link.index(count)];
                let storage = image.storage().clone();
                let by_copy = *by_copy && image.kind() != DiskType::Fixed;
                *image = if by_copy { Image::open_by_copy(storage) } else { Image::open(storage) }.unwrap();
            }
            Op::Coalesce { link } => self.coalesce(link.index(count)),
            Op::Grow { more } => self.grow(*more),
            Op::Flatten { link } => self.flatten(link.index(count)),
            Op::Read { link, at, sectors } => self.read(link.index(count), at, *sectors),
        }
    }

    fn snapshot(&mut self, more: usize) {
        let (number, below) = (self.images.len(), self.models.last().unwrap());
        let mut disk = below.disk.clone();
        disk.resize(disk.len() + more * SECTOR, 0);
        let name = format!("{}.vhd", uuid(number - 1));
        let parent = ParentLink { file_name: name.clone(), uuid: uuid(number - 1), modified: NOW };
        if more == 0 {
            // What has a disk of the same size is a snapshot.
            let links = std::mem::take(&mut self.images).into_iter().rev().collect();
            let taken =
                Snapshot { parent_file: name.clone(), parent_modified: NOW, uuid: uuid(number), now: NOW };
            let chain = Chain::join(links).unwrap().snapshot(Shared::default(), &taken).unwrap();
            self.images = chain.into_links().into_iter().rev().collect();
        } else {
            let size = disk.len() as u64;
            let image = vhd::create_differencing(Shared::default(), size, uuid(number), NOW, &parent);
            self.images.push(image.unwrap());
        }
        let own = vec![false; disk.len() / SECTOR];
        self.models.push(Model { disk, own, hidden: false, parent_name: Some(name) });
    }

    fn write(&mut self, link: usize, at: &prop::sample::Index, sectors: usize, seed: Option<u32>) {
        let all = self.models[link].own.len();
        let at = at.index(all);
        let sectors = sectors.min(all - at);
        let data = seed.map_or(vec![0; sectors * SECTOR], |seed| content(seed, sectors * SECTOR));
        self.images[link].write(Sector(at as u64), &data).unwrap();
        self.models[link].own[at..at + sectors].fill(true);
        for (sector, bytes) in (at..).zip(data.chunks(SECTOR)) {
            // Seen from here, and from above wherever nothing is in front of it.
            let (here, above) = self.models[link..].split_first_mut().unwrap();
            let seen = std::iter::once(here).chain(above.iter_mut().take_while(|model| !model.own[sector]));
            seen.for_each(|model| model.disk[sector * SECTOR..][..SECTOR].copy_from_slice(bytes));
        }
    }

    fn coalesce(&mut self, link: usize) {
        if link == 0 {
            return;
        }
        let (below, above) = self.images.split_at_mut(link);
        let done = above[0].coalesce_into(&mut below[link - 1], |_, _| {});
        let (below, above) = self.models.split_at_mut(link);
        let (parent, child) = (&mut below[link - 1], &above[0]);
        let beyond = child.own.iter().skip(parent.own.len()).any(|own| *own);
        assert_eq!(done.is_err(), beyond, "only a parent that is too small is refused");
        if beyond {
            return;
        }
        assert_eq!(done.unwrap(), child.own.iter().filter(|own| **own).count() as u64);
        for sector in (0..child.own.len()).filter(|sector| child.own[*sector]) {
            let place = sector * SECTOR..(sector + 1) * SECTOR;
            parent.disk[place.clone()].copy_from_slice(&child.disk[place]);
            parent.own[sector] = true;
        }
    }

    fn grow(&mut self, more: usize) {
        let image = self.images.pop().unwrap();
        let storage = image.storage().clone();
        if image.kind() != DiskType::Fixed {
            let model = self.models.last_mut().unwrap();
            let size = (model.disk.len() + more * SECTOR) as u64;
            image.grow(size, vhd::Memory::default()).unwrap();
            model.disk.resize(model.disk.len() + more * SECTOR, 0);
            model.own.resize(model.disk.len() / SECTOR, false);
        }
        self.images.push(Image::open(storage).unwrap());
    }

    fn flatten(&mut self, link: usize) {
        let above = self.images.split_off(link + 1);
        let links = std::mem::take(&mut self.images).into_iter().rev().collect();
        let mut chain = Chain::join(links).unwrap();
        let mut flat = Vec::new();
        let mut stream = vhd::Flattened::new(&mut chain, uuid(link + 1000), NOW).unwrap();
        let length = stream.len();
        stream.read_to_end(&mut flat).unwrap();
        assert_eq!(flat.len() as u64, length);
        self.images = chain.into_links().into_iter().rev().chain(above).collect();
        let flat = vhd::Memory::new(flat);
        let found = vhd::check(&flat, vhd::Scope::Repository, NOW).unwrap().findings;
        assert_eq!(found.list, [], "a flattened chain");
        let mut disk = Vec::new();
        let image = Image::open(flat).unwrap();
        Chain::join(vec![image]).unwrap().reader().read_to_end(&mut disk).unwrap();
        assert_same(&disk, &self.models[link].disk, "a flattened disk");
    }

    fn read(&mut self, link: usize, at: &prop::sample::Index, sectors: usize) {
        let expected = &self.models[link].disk;
        let at = at.index(expected.len() / SECTOR);
        let end = (at + sectors).min(expected.len() / SECTOR);
        let mut found = vec![0; (end - at) * SECTOR];
        let above = self.images.split_off(link + 1);
        let links = std::mem::take(&mut self.images).into_iter().rev().collect();
        let mut chain = Chain::join(links).unwrap();
        chain.read(Sector(at as u64), &mut found).unwrap();
        self.images = chain.into_links().into_iter().rev().chain(above).collect();
        assert_same(&found, &self.models[link].disk[at * SECTOR..end * SECTOR], "a read");
    }

    /// Every link is sound, says what it was told, and shows its disk.
    fn judge(&mut self) {
        for link in 0..self.images.len() {
            let (image, model) = (&self.images[link], &self.models[link]);
            assert_sound(image.storage());
            let reopened = Image::open(image.storage()).unwrap();
            assert_eq!(reopened.is_hidden(), model.hidden);
            if let Some(name) = &model.parent_name {
                assert_eq!(&vhd::parent_name(reopened.header().unwrap()).unwrap(), name);
                let paths: Vec<_> = reopened.locators().unwrap().into_iter().map(|l| l.path).collect();
                assert_eq!(paths, vec![Some(format!("./{name}")); 3]);
            }
            let storages = self.images[..=link].iter().rev().map(|image| image.storage());
            assert_same(&crate::images::disk(storages), &model.disk, "a whole disk");
        }
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn a_chain_shows_what_was_written_and_stays_sound(
        kind in prop_oneof![3 => Just(DiskType::Dynamic), 1 => Just(DiskType::Fixed)],
        sectors in 1..10_000usize,
        ops in prop::collection::vec(op(), 1..40),
    ) {
        let mut world = World::new(kind, sectors);
        ops.iter().for_each(|op| world.apply(op));
        world.judge();
    }
}
