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
    /// What the file occupies, bytes: less than its length where it has holes.
    pub occupied_size: u64,
    /// The hidden flag.
    pub hidden: bool,
    /// Footer uuid.
    #[serde(skip)]
    pub image: Uuid,
    /// Footer uuid of the parent, as the header has it.
    #[serde(skip)]
    pub parent_image: Option<Uuid>,
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
        let mut seen = BTreeSet::new();
        let mut next = Some(leaf);
        while let Some(node) = next.and_then(|uuid| self.nodes.get(&uuid)).filter(|n| seen.insert(n.uuid)) {
            chain.push(node);
            next = node.parent;
        }
        chain
    }

    /// The parent of a VDI, if it is there.
    #[must_use]
    pub fn parent(&self, node: &Node) -> Option<&Node> {
        self.nodes.get(&node.parent?)
    }

    /// All VDIs, chain by chain, every one behind its parent, with the number of its ancestors. A loop is cut before the
    /// smallest of its uuids.
    #[must_use]
    pub fn walk(&self) -> Vec<(usize, &Node)> {
        let mut children: BTreeMap<Uuid, Vec<&Node>> = BTreeMap::new();
        for node in self.nodes.values() {
            if let Some(parent) = self.parent(node) {
                children.entry(parent.uuid).or_default().push(node);
            }
        }
        let (mut walked, mut seen) = (Vec::new(), BTreeSet::new());
        let bases = self.nodes.values().filter(|node| self.parent(node).is_none());
        // What no base leads to hangs on a loop.
        for start in bases.chain(self.nodes.values()) {
            let root = if seen.contains(&start.uuid) { continue } else { self.root(start) };
            // An explicit stack: a hostile SR may hold a chain of any length.
            let mut stack = vec![(0, root)];
            while let Some((depth, node)) = stack.pop() {
                if seen.insert(node.uuid) {
                    walked.push((depth, node));
                    let below = children.get(&node.uuid).into_iter().flatten().rev();
                    stack.extend(below.map(|child| (depth + 1, *child)));
                }
            }
        }
        walked
    }

    /// The oldest ancestor of `node`; of a loop that it comes from, the smallest uuid.
    fn root<'a>(&'a self, node: &'a Node) -> &'a Node {
        let chain = self.chain(node.uuid);
        let last = chain.last().copied().unwrap_or(node);
        let again = last.parent.and_then(|uuid| chain.iter().position(|n| n.uuid == uuid));
        again.and_then(|at| chain[at..].iter().min_by_key(|n| n.uuid)).copied().unwrap_or(last)
    }
}

fn node(sr: &Repository, uuid: Uuid) -> Result<Node, String> {
    let file = sr.open_vdi(uuid).map_err(|e| os::in_full(&e))?;
    let metadata = file.metadata().map_err(|e| e.to_string())?;
    let image = Image::open(&file).map_err(|e| os::in_full(&e))?;
    let parent = image.header().and_then(|h| vhd::parent_name(h).ok());
    Ok(Node {
        uuid,
        parent: parent.and_then(|name| vdi_uuid(name.as_ref())),
        kind: image.kind(),
        virtual_size: image.virtual_size(),
        physical_size: metadata.len(),
        occupied_size: os::occupied(&metadata),
        hidden: image.is_hidden(),
        image: image.uuid(),
        parent_image: image.parent_uuid(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of VDIs and their parents.
    fn tree(links: &[(u128, Option<u128>)]) -> Tree {
        let node = |uuid: u128, parent: Option<u128>| Node {
            uuid: Uuid::from_u128(uuid),
            parent: parent.map(Uuid::from_u128),
            kind: DiskType::Differencing,
            virtual_size: 0,
            physical_size: 0,
            occupied_size: 0,
            hidden: false,
            image: Uuid::nil(),
            parent_image: None,
        };
        let nodes = links.iter().map(|(uuid, parent)| (Uuid::from_u128(*uuid), node(*uuid, *parent)));
        Tree { nodes: nodes.collect(), broken: Vec::new() }
    }

    #[test]
    fn every_vdi_comes_once_and_behind_its_parent() {
        for (links, walked) in [
            (
                &[(1, Some(2)), (2, None), (3, Some(2)), (4, Some(1))][..],
                vec![(0, 2), (1, 1), (2, 4), (1, 3)],
            ),
            (&[(1, Some(9)), (2, None)], vec![(0, 1), (0, 2)]),
            (&[(1, Some(1))], vec![(0, 1)]),
            (
                &[(1, Some(3)), (2, Some(1)), (3, Some(2)), (4, Some(3)), (5, None)],
                vec![(0, 5), (0, 1), (1, 2), (2, 3), (3, 4)],
            ),
        ] {
            let tree = tree(links);
            let found: Vec<_> =
                tree.walk().iter().map(|(depth, node)| (*depth, node.uuid.as_u128())).collect();
            assert_eq!(found, walked);
        }
    }

    #[test]
    fn a_chain_of_any_length_is_walked() {
        let links: Vec<_> = (1..=20_000).map(|n| (n, Some(n + 1))).collect();
        assert_eq!(tree(&links).walk().last().unwrap().0, 19_999);
    }
}
