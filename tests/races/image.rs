//! Images to import: chains of a few small links, each image with bytes of its own.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vhd_porter::vhd::{self, ParentLink, Sector, VhdTime};

/// Size of every disk, bytes.
const SIZE: u64 = 2 << 20;

/// An archive of a chain, and the SHA-256 of the disk in it.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
}

impl Archive {
    /// One of so many links in `directory`; every sector that is written holds `fill` and the number of its link.
    pub(crate) fn make(directory: &Path, fill: u8, links: u8) -> Self {
        let mut disk = vec![0; usize::try_from(SIZE).unwrap()];
        let path = directory.join(format!("{fill}-{links}.tar.gz"));
        let mut tar =
            tar::Builder::new(GzEncoder::new(File::create_new(&path).unwrap(), Compression::fast()));
        for (number, mut file) in chain(fill, links, &mut disk).into_iter().enumerate() {
            file.rewind().unwrap();
            tar.append_file(format!("{number}.vhd"), &mut file).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap().flush().unwrap();
        Self { path, sha256: sha256(&disk) }
    }
}

/// The files of a chain, leaf first; `disk` becomes what a guest sees.
pub(crate) fn chain(fill: u8, links: u8, disk: &mut [u8]) -> Vec<File> {
    let now = VhdTime::from_system(SystemTime::now());
    let (mut files, mut parent): (Vec<File>, Option<ParentLink>) = (Vec::new(), None);
    for number in 0..links {
        let file = tempfile::tempfile().unwrap();
        let (keep, uuid) = (file.try_clone().unwrap(), Uuid::new_v4());
        let mut image = match &parent {
            None => vhd::create_dynamic(file, SIZE, uuid, now),
            Some(parent) => vhd::create_differencing(file, SIZE, uuid, now, parent),
        }
        .unwrap();
        let (sector, mut bytes) = (3 * u64::from(number), vec![fill; 5 * 512]);
        bytes[0] = number;
        image.write(Sector(sector), &bytes).unwrap();
        let start = usize::try_from(sector).unwrap() * 512;
        disk[start..start + bytes.len()].copy_from_slice(&bytes);
        image.set_hidden(number + 1 < links).unwrap();
        parent = Some(ParentLink { file_name: format!("{}.vhd", links - 1 - number), uuid, modified: now });
        files.insert(0, keep);
    }
    files
}

/// Lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
