//! A model of what the storage manager makes of an SR, from file names and bytes alone. It shares no code with the
//! program.
//!
//! `SR.scan` takes every `*.vhd` in the root, reads the footer's copy at offset 0 and the header behind it, and gives up
//! the whole SR if one of them is bad, or fixed, or not named by a uuid (sm `vhdutil.getAllVHDs`, blktap
//! `vhd-util-scan.c`). The garbage collector gives up when a parent is missing (sm `cleanup.py` `_buildTree`), and when a
//! journal of its own has a name that it cannot read (`fjournaler.py`).

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use uuid::Uuid;

use crate::support::{Vhd, sha256};

/// What a VDI's own file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vdi {
    pub(crate) hidden: bool,
    /// By the name in the header.
    pub(crate) parent: Option<String>,
}

/// An SR as a scan sees it.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// By file name.
    pub(crate) vdis: BTreeMap<String, Vdi>,
    /// What stops the scan or the garbage collector.
    pub(crate) broken: Vec<String>,
    /// Names that are ours, and only there while a run is alive.
    pub(crate) ours: Vec<String>,
}

impl Scan {
    /// Scans the SR in `root`.
    pub(crate) fn of(root: &Path) -> Self {
        let mut scan = Self::default();
        for name in names(root) {
            if ["leaf", "relink", "clone", "coalesce", "zero"].iter().any(|prefix| name.starts_with(prefix)) {
                scan.broken.push(format!("{name}: taken for a journal of the storage manager"));
            }
            if name.contains("vhd-porter") {
                scan.ours.push(name);
            } else if let Some(stem) = name.strip_suffix(".vhd") {
                match vdi(&root.join(&name), stem) {
                    Ok(vdi) => drop(scan.vdis.insert(name, vdi)),
                    Err(why) => scan.broken.push(format!("{name}: {why}")),
                }
            }
        }
        scan
    }

    /// VDIs whose parent is not there: broken for whoever opens them, and the end of every garbage collection.
    pub(crate) fn orphans(&self) -> Vec<String> {
        let missing = |vdi: &Vdi| vdi.parent.as_ref().is_some_and(|parent| !self.vdis.contains_key(parent));
        self.vdis.iter().filter(|(_, vdi)| missing(vdi)).map(|(name, _)| name.clone()).collect()
    }

    /// Parents that a user can see, and destroy.
    pub(crate) fn visible_parents(&self) -> Vec<String> {
        let parents = self.vdis.values().filter_map(|vdi| vdi.parent.as_ref());
        parents.filter(|name| self.vdis.get(*name).is_some_and(|vdi| !vdi.hidden)).cloned().collect()
    }

    /// Hidden VDIs without a child: the garbage collector removes them.
    pub(crate) fn garbage(&self) -> Vec<String> {
        let has_child = |name: &String| self.vdis.values().any(|vdi| vdi.parent.as_ref() == Some(name));
        let hidden = self.vdis.iter().filter(|(name, vdi)| vdi.hidden && !has_child(name));
        hidden.map(|(name, _)| name.clone()).collect()
    }
}

/// All names in a directory, sorted.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn vdi(path: &Path, stem: &str) -> Result<Vdi, String> {
    if Uuid::try_parse(stem).ok().is_none_or(|uuid| uuid.to_string() != stem) {
        return Err("the name is no uuid".into());
    }
    if !path.symlink_metadata().unwrap().is_file() {
        return Err("no regular file".into());
    }
    let file = Vhd::read(path);
    if file.0.len() < 2048 {
        return Err(format!("{} bytes long", file.0.len()));
    }
    let Ok(fields) = std::panic::catch_unwind(|| file.fields()) else {
        return Err("a bad footer or header".into());
    };
    match fields.kind {
        3 => Ok(Vdi { hidden: fields.hidden != 0, parent: None }),
        4 => Ok(Vdi { hidden: fields.hidden != 0, parent: Some(fields.parent_name) }),
        kind => Err(format!("an image of type {kind}")),
    }
}

/// The SHA-256 of the disk that the guest of `leaf` sees: of each sector, what the uppermost link with it holds.
pub(crate) fn guest_disk(root: &Path, leaf: Uuid) -> String {
    let (mut links, mut name) = (Vec::new(), Some(format!("{leaf}.vhd")));
    while let Some(next) = name {
        let file = Vhd::read(&root.join(next));
        let fields = file.fields();
        name = (fields.kind == 4).then_some(fields.parent_name);
        links.push(file);
    }
    let size = usize::try_from(links[0].u64(48)).unwrap();
    let mut disk = vec![0; size];
    for file in links.iter().rev() {
        let table = usize::try_from(file.u64(512 + 16)).unwrap();
        let block = file.u32(512 + 32) as usize;
        for index in 0..file.u32(512 + 28) as usize {
            let at = file.u32(table + 4 * index);
            if at == u32::MAX {
                continue;
            }
            let bitmap = at as usize * 512;
            let data = bitmap + (block / 512 / 8).next_multiple_of(512);
            for sector in (0..block / 512).filter(|s| file.0[bitmap + s / 8] & (0x80 >> (s % 8)) != 0) {
                let (from, to) = (data + sector * 512, index * block + sector * 512);
                if let Some(place) = disk.get_mut(to..to + 512) {
                    place.copy_from_slice(&file.0[from..from + 512]);
                }
            }
        }
    }
    sha256(&disk)
}

/// What must not change: of every file its inode, number of names, mode, time and bytes.
pub(crate) type Belongings = BTreeMap<String, (u64, u64, u32, (i64, i64), String)>;

/// All of that in a directory; directories in it are passed over.
pub(crate) fn belongings(root: &Path) -> Belongings {
    let files = names(root).into_iter().filter_map(|name| {
        let path = root.join(&name);
        let at = path.symlink_metadata().unwrap();
        let digest = at.is_file().then(|| sha256(&fs::read(&path).unwrap()))?;
        Some((name, (at.ino(), at.nlink(), at.mode(), (at.mtime(), at.mtime_nsec()), digest)))
    });
    files.collect()
}
