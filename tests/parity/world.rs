//! The files that runs start from, and what is left of them.

use std::fs::{File, FileTimes};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use vhd_porter::os::duplicate;

use crate::record::Written;

const PAGE: usize = 4096;

/// When every image was last written: `modify` records it.
fn written() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_709_294_400)
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// All images, unpacked.
pub(crate) struct World {
    directory: TempDir,
}

impl World {
    /// Unpacks the archive at `path`; zeros become holes.
    pub(crate) fn unpack(path: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut archive = tar::Archive::new(GzDecoder::new(File::open(path).unwrap()));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            if !entry.header().entry_type().is_file() && !entry.header().entry_type().is_gnu_sparse() {
                entry.unpack_in(directory.path()).unwrap();
                continue;
            }
            let target = directory.path().join(entry.path().unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            let file = File::create(&target).unwrap();
            let (mut buf, mut at) = (vec![0; 1 << 16], 0);
            loop {
                let n = entry.read(&mut buf).unwrap();
                if n == 0 {
                    break;
                }
                if buf[..n].iter().any(|b| *b != 0) {
                    file.write_all_at(&buf[..n], at).unwrap();
                }
                at += n as u64;
            }
            file.set_len(at).unwrap();
            file.set_times(FileTimes::new().set_modified(written())).unwrap();
        }
        Self { directory }
    }

    /// Whether there are files for `case`.
    pub(crate) fn has(&self, case: &str) -> bool {
        self.directory.path().join(case).is_dir()
    }

    /// A fresh copy of a case's files.
    pub(crate) fn copy(&self, case: &str) -> (TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().canonicalize().unwrap().join(case);
        copy_all(&self.directory.path().join(case), &target);
        (home, target)
    }

    /// Copies a file that several cases share, unless it is there.
    pub(crate) fn lend(&self, name: &str, directory: &Path) {
        if !directory.join(name).exists() {
            copy_file(&self.directory.path().join("_common").join(name), &directory.join(name));
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy_all(&entry.path(), &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            copy_file(&entry.path(), &target);
        }
    }
}

fn copy_file(from: &Path, to: &Path) {
    let file = File::create_new(to).unwrap();
    duplicate(&File::open(from).unwrap(), &file, |_| {}).unwrap();
    file.set_times(FileTimes::new().set_modified(written())).unwrap();
}

/// Whether the file at `path` is as it was recorded; `None` says that it is gone.
pub(crate) fn is_as_recorded(path: &Path, recorded: Option<&Written>) -> bool {
    let (Some(recorded), Ok(metadata)) = (recorded, std::fs::metadata(path)) else {
        return recorded.is_none() && !path.exists();
    };
    if metadata.len() != recorded.size {
        return false;
    }
    if let Some(digest) = &recorded.nzpage_sha256 {
        return *digest == used_pages(path);
    }
    let mut bytes = std::fs::read(path).unwrap();
    if recorded.sha256.as_ref() == Some(&sha256(&bytes)) {
        return true;
    }
    mask(&mut bytes);
    recorded.sha256_masked.as_ref() == Some(&sha256(&bytes))
}

/// Blanks what differs from run to run: times, uuids and the checksums over them.
fn mask(bytes: &mut [u8]) {
    let len = bytes.len();
    for base in [Some(0), len.checked_sub(512)].into_iter().flatten() {
        if bytes.get(base..base + 8) == Some(b"conectix") {
            for (from, to) in [(24, 28), (64, 68), (68, 84)] {
                bytes[base + from..base + to].fill(0);
            }
        }
    }
    if bytes.get(..8) == Some(b"conectix") && len >= 1536 {
        let offset = u64::from_be_bytes(bytes[16..24].try_into().unwrap());
        let Some(base) =
            usize::try_from(offset).ok().filter(|o| o.checked_add(1024).is_some_and(|e| e <= len))
        else {
            return;
        };
        if bytes[base..base + 8] == *b"cxsparse" {
            for (from, to) in [(36, 40), (40, 56), (56, 60)] {
                bytes[base + from..base + to].fill(0);
            }
        }
    }
}

/// Digest of the pages that are not all zero, and of their numbers.
fn used_pages(path: &Path) -> String {
    let (file, mut digest) = (File::open(path).unwrap(), Sha256::new());
    let len = file.metadata().unwrap().len();
    let (mut at, mut page) = (0, [0; PAGE]);
    while at < len {
        let Ok(data) = rustix::fs::seek(&file, rustix::fs::SeekFrom::Data(at)) else { break };
        at = data / PAGE as u64 * PAGE as u64;
        let end = rustix::fs::seek(&file, rustix::fs::SeekFrom::Hole(data)).unwrap_or(len);
        while at < end {
            let n = file.read_at(&mut page, at).unwrap();
            if page[..n].iter().any(|b| *b != 0) {
                digest.update((at / PAGE as u64).to_be_bytes());
                digest.update(&page[..n]);
            }
            at += PAGE as u64;
        }
    }
    digest.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
