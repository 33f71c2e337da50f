//! Taking a snapshot: a new, empty child that stands before an image from now on.

use uuid::Uuid;

use super::chain::Chain;
use super::create::{ParentLink, create_differencing};
use super::error::Error;
use super::storage::Storage;
use super::time::VhdTime;

/// A child to be made, and what it has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Base name of the parent's file, in the child's own directory.
    pub parent_file: String,
    /// When the parent was last written.
    pub parent_modified: VhdTime,
    /// Footer uuid of the child.
    pub uuid: Uuid,
    /// The time of its making.
    pub now: VhdTime,
}

impl<S: Storage> Chain<S> {
    /// Puts a new leaf, made on `storage`, before the chain's leaf, which takes no more writes from then on.
    ///
    /// # Errors
    /// The parent's name or uuid cannot be a parent's, or writing failed.
    pub fn snapshot(self, storage: S, snapshot: &Snapshot) -> Result<Self, Error> {
        let mut links = self.into_links();
        let leaf = &links[0];
        let parent = ParentLink {
            file_name: snapshot.parent_file.clone(),
            uuid: leaf.uuid(),
            modified: snapshot.parent_modified,
        };
        let child = create_differencing(storage, leaf.virtual_size(), snapshot.uuid, snapshot.now, &parent)?;
        links.insert(0, child);
        Self::join(links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vhd::{BLOCK_SIZE, Memory, Sector, create_dynamic};

    #[test]
    fn a_snapshot_keeps_what_was_and_takes_what_comes() {
        let now = VhdTime(700_000_000);
        let base = create_dynamic(Memory::default(), 3 * u64::from(BLOCK_SIZE), Uuid::from_u128(1), now);
        let mut chain = Chain::join(vec![base.unwrap()]).unwrap();
        chain.write(Sector(4095), &[1; 1024]).unwrap();
        let taken =
            Snapshot { parent_file: "base.vhd".into(), parent_modified: now, uuid: Uuid::from_u128(2), now };
        let mut chain = chain.snapshot(Memory::default(), &taken).unwrap();
        chain.write(Sector(4096), &[2; 512]).unwrap();
        let mut read = [9; 2048];
        chain.read(Sector(4094), &mut read).unwrap();
        assert_eq!([read[0], read[512], read[1024], read[1536]], [0, 1, 2, 0]);
        let mut base = Chain::join(chain.into_links().split_off(1)).unwrap();
        base.read(Sector(4094), &mut read).unwrap();
        assert_eq!([read[0], read[512], read[1024], read[1536]], [0, 1, 1, 0]);
    }
}
