//! A directory tree as it is at one moment, to compare with what it is later.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::judge::sha256;

/// What is known of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    inode: u64,
    mode: u32,
    links: u64,
    size: u64,
    mtime: (i64, i64),
    /// SHA-256 of a file, target of a link, nothing for anything else.
    content: String,
}

/// Every name below a directory. The directory itself is left out: its time changes as staging areas come and go.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, Facts>);

impl Snapshot {
    /// Takes one of `root`; nothing, where there is no directory.
    pub(crate) fn of(root: &Path) -> Self {
        let mut names = BTreeMap::new();
        visit(root, &mut names);
        Self(names)
    }

    /// The names, for messages and for counting.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().map(|p| p.file_name().expect("a name").to_string_lossy().into_owned()).collect()
    }
}

fn visit(dir: &Path, names: &mut BTreeMap<PathBuf, Facts>) {
    for entry in dir.read_dir().into_iter().flatten() {
        let path = entry.expect("a directory can be listed").path();
        let meta = path.symlink_metadata().expect("a name that was listed");
        let directory = meta.is_dir();
        let content = if meta.is_file() {
            sha256(&std::fs::read(&path).expect("a file can be read"))
        } else if meta.is_symlink() {
            path.read_link().expect("a link can be read").display().to_string()
        } else {
            String::new()
        };
        let facts = Facts {
            inode: meta.ino(),
            mode: meta.mode(),
            links: meta.nlink(),
            size: meta.size(),
            mtime: (meta.mtime(), meta.mtime_nsec()),
            content,
        };
        names.insert(path.clone(), facts);
        if directory {
            visit(&path, names);
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(path, facts)| writeln!(f, "\n{}: {facts:?}", path.display()))
    }
}
