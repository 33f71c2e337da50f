//! The chains of an SR, read the way the storage manager's scan reads them: parents by the name in the header.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::error::Error;
use super::repository::{Repository, vdi_uuid};
use crate::os;
use crate::vhd::{self, DiskType, Image};

/// One VDI as its own file describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// The VDI.
    pub uuid: Uuid,
    /// The VDI that the header names as parent; `None` for a base, and for a name that is no VDI's.
    pub parent: Option<Uuid>,
    /// The kind of image.
    pub kind: DiskType,
    /// Size of the virtual disk, bytes.
    pub virtual_size: u64,
    /// Length of the file, bytes.
    pub physical_size: u64,
    /// The hidden flag.
    pub hidden: bool,
}

/// A `.vhd` file that is no VDI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Its name.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// All VDIs of an SR.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// Those that can be read, by uuid.
    #[serde(rename = "vdis", serialize_with = "values")]
    pub nodes: BTreeMap<Uuid, Node>,
    /// `.vhd` files that cannot.
    pub broken: Vec<Broken>,
}

fn values<S: Serializer>(nodes: &BTreeMap<Uuid, Node>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(nodes.values())
}

impl Tree {
    /// Reads every `.vhd` file in the root of `sr`.
    ///
    /// # Errors
    /// The directory cannot be listed. A file that cannot be read is listed among the broken.
    pub fn read(sr: &Repository) -> Result<Self, Error> {
        let mut tree = Self::default();
        for name in sr.dir().names()? {
            let shown = name.to_string_lossy().into_owned();
            if !shown.ends_with(".vhd") {
                continue;
            }
            let Some(uuid) = vdi_uuid(&name) else {
                tree.broken.push(Broken { file: shown, reason: "the file name is not a uuid".into() });
                continue;
            };
            match node(sr, uuid) {
                Ok(node) => drop(tree.nodes.insert(uuid, node)),
                Err(reason) => tree.broken.push(Broken { file: shown, reason }),
            }
        }
        Ok(tree)
    }

    /// VDIs that no other in the SR descends from.
    #[must_use]
    pub fn leaves(&self) -> Vec<Uuid> {
        let parents: BTreeSet<Uuid> = self.nodes.values().filter_map(|n| n.parent).collect();
        self.nodes.keys().copied().filter(|uuid| !parents.contains(uuid)).collect()
    }

    /// `leaf` and its ancestors, as far as they are there and no loop is met.
    #[must_use]
    pub fn chain(&self, leaf: Uuid) -> Vec<&Node> {
        let mut chain: Vec<&Node> = Vec::new();
        let mut next = Some(leaf);
        while let Some(node) = next.and_then(|uuid| self.nodes.get(&uuid)) {
            if chain.iter().any(|seen| seen.uuid == node.uuid) {
                break;
            }
            chain.push(node);
            next = node.parent;
        }
        chain
    }
}

fn node(sr: &Repository, uuid: Uuid) -> Result<Node, String> {
    let file = sr.open_vdi(uuid).map_err(|e| os::in_full(&e))?;
    let physical_size = file.metadata().map_err(|e| e.to_string())?.len();
    let image = Image::open(&file).map_err(|e| os::in_full(&e))?;
    let parent = image.header().and_then(|h| vhd::parent_name(h).ok());
    Ok(Node {
        uuid,
        parent: parent.and_then(|name| vdi_uuid(name.as_ref())),
        kind: image.kind(),
        virtual_size: image.virtual_size(),
        physical_size,
        hidden: image.is_hidden(),
    })
}
