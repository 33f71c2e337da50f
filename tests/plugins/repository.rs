//! A storage repository to work on, and what is in it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;
use vhd_porter::vhd::{self, Chain, Image, ParentLink, Scope, Sector, VhdTime};

/// The directory of an SR, gone when it is dropped.
pub(crate) struct Sr(TempDir);

impl Sr {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Its path as an argument.
    pub(crate) fn text(&self) -> &str {
        self.path().to_str().unwrap()
    }

    /// The file of a VDI.
    pub(crate) fn file(&self, uuid: Uuid) -> PathBuf {
        self.path().join(format!("{uuid}.vhd"))
    }

    /// Makes a chain of so many links, leaf first.
    pub(crate) fn chain(&self, links: usize) -> Vec<Uuid> {
        let uuids = some_uuids(links);
        let names: Vec<String> = uuids.iter().map(|uuid| format!("{uuid}.vhd")).collect();
        make_chain(self.path(), &names);
        uuids
    }

    /// The disk of the chain whose leaf is `leaf`, as a guest sees it. All parents are where they belong, hidden, and
    /// sound.
    #[track_caller]
    pub(crate) fn disk(&self, leaf: Uuid) -> Vec<u8> {
        let (mut links, mut next) = (Vec::new(), Some(self.file(leaf)));
        while let Some(path) = next {
            let file = File::open(&path).unwrap();
            let checkup = vhd::check(&file, Scope::Repository, now()).unwrap();
            assert!(checkup.findings.is_empty(), "{}: {:#?}", path.display(), checkup.findings.list);
            let image = Image::open(file).unwrap();
            assert_eq!(image.is_hidden(), !links.is_empty(), "{}", path.display());
            let parent = image.parent_uuid().map(|_| vhd::parent_name(image.header().unwrap()).unwrap());
            next = parent.map(|name| self.path().join(name));
            links.push(image);
        }
        disk(links)
    }

    /// Everything in it, to see later that nothing has changed.
    pub(crate) fn content(&self) -> Content {
        content(self.path())
    }
}

/// What a directory holds: of each file the inode and the SHA-256 of its bytes.
pub(crate) type Content = BTreeMap<PathBuf, (u64, String)>;

/// Everything in a directory without directories.
pub(crate) fn content(directory: &Path) -> Content {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let sha256 = format!("{:x?}", Sha256::digest(fs::read(&path).unwrap()));
        let inode = path.metadata().unwrap().ino();
        (path, (inode, sha256))
    };
    entries.map(read).collect()
}

/// The disk that the open links of a chain show.
pub(crate) fn disk(links: Vec<Image<File>>) -> Vec<u8> {
    let mut chain = Chain::join(links).unwrap();
    let mut bytes = vec![0; usize::try_from(chain.virtual_size()).unwrap()];
    chain.read(Sector(0), &mut bytes).unwrap();
    bytes
}

/// New uuids.
pub(crate) fn some_uuids(count: usize) -> Vec<Uuid> {
    std::iter::repeat_with(Uuid::new_v4).take(count).collect()
}

fn now() -> VhdTime {
    VhdTime::from_system(SystemTime::now())
}

/// Makes a chain of small images in `directory` under `names`, leaf first; each has some sectors of its own. Returns the
/// disk of its leaf.
pub(crate) fn make_chain<S: AsRef<str>>(directory: &Path, names: &[S]) -> Vec<u8> {
    const SIZE: u64 = 4 << 20;
    let (mut parent, mut links): (Option<ParentLink>, Vec<Image<File>>) = (None, Vec::new());
    for (number, name) in (1u8..).zip(names.iter().rev()) {
        let path = directory.join(name.as_ref());
        let file = File::options().read(true).write(true).create_new(true).open(path).unwrap();
        let uuid = Uuid::new_v4();
        let mut image = match &parent {
            None => vhd::create_dynamic(file, SIZE, uuid, now()),
            Some(parent) => vhd::create_differencing(file, SIZE, uuid, now(), parent),
        }
        .unwrap();
        image.write(Sector(10 + 5 * u64::from(number)), &[number; 7 * 512]).unwrap();
        image.set_hidden(usize::from(number) < names.len()).unwrap();
        parent = Some(ParentLink { file_name: name.as_ref().to_owned(), uuid, modified: now() });
        links.insert(0, image);
    }
    disk(links)
}
