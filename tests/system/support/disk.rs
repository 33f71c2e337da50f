//! Small images made from nothing, for what no fixture holds: long chains, huge disks, odd blocks.

use uuid::Uuid;

use super::vhd::{Vhd, checksum};

/// Bytes of a block's data.
pub(crate) const BLOCK: u64 = 2 << 20;

/// An image to be made: dynamic, or differencing when it has a parent.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub(crate) uuid: Uuid,
    /// Bytes of the virtual disk.
    pub(crate) size: u64,
    pub(crate) parent: Option<Uuid>,
    pub(crate) hidden: bool,
    /// Blocks in the order in which they lie in the file: index, and the byte that the data is full of.
    pub(crate) blocks: Vec<(usize, u8)>,
    /// What a differencing image has of parent locators.
    pub(crate) locators: Locators,
}

/// Parent locators of an image to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locators {
    /// The three of vhd-util, for a parent of another name than it has in an SR.
    Written,
    /// The three of vhd-util, for a parent that lies beside the image in an SR.
    Beside,
    /// None, but room for them in front of the blocks.
    Room,
    /// None, and no room.
    NoRoom,
}

impl Disk {
    /// A visible dynamic disk with a uuid made of `name`.
    pub(crate) fn new(name: u128, size: u64) -> Self {
        let uuid = Uuid::from_u128(name << 64 | 0x8000_0000_0000_0001);
        Self { uuid, size, parent: None, hidden: false, blocks: Vec::new(), locators: Locators::Written }
    }

    pub(crate) fn parent(mut self, parent: Uuid) -> Self {
        self.parent = Some(parent);
        self
    }

    pub(crate) fn block(mut self, index: usize, fill: u8) -> Self {
        self.blocks.push((index, fill));
        self
    }

    /// A chain, leaf first, of links that each hold a block of their own.
    pub(crate) fn chain(links: usize, size: u64) -> Vec<Vec<u8>> {
        let uuid = |link: usize| Self::new(100 + link as u128, size).uuid;
        let link = |index: usize| {
            let mut disk = Self::new(100 + index as u128, size);
            disk.parent = (index + 1 < links).then(|| uuid(index + 1));
            let blocks = usize::try_from(size / BLOCK).expect("a small disk");
            disk.block(index % blocks, u8::try_from(index % 250).expect("a byte") + 1).bytes()
        };
        (0..links).map(link).collect()
    }

    /// Where the blocks begin: behind copy, header, BAT and locators.
    pub(crate) fn first_block(&self) -> u64 {
        let texts = if self.parent.is_some() && self.locators != Locators::NoRoom { 3 * 512 } else { 0 };
        1536 + self.table() + texts
    }

    fn table(&self) -> u64 {
        (self.size.div_ceil(BLOCK) * 4).next_multiple_of(512)
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let head = self.head();
        let mut file = head.0;
        for (_, fill) in &self.blocks {
            file.extend([0xff; 512]);
            file.resize(file.len() + (2 << 20), *fill);
        }
        file.extend(self.footer());
        file
    }

    /// All that is in front of the blocks.
    pub(crate) fn head(&self) -> Vhd {
        let mut file = self.footer();
        file.extend(self.header());
        let table = file.len();
        file.resize(table + usize::try_from(self.table()).expect("a BAT in memory"), 0xff);
        let mut place = self.first_block() / 512;
        for (block, _) in &self.blocks {
            let entry = u32::try_from(place).expect("a sector in reach").to_be_bytes();
            file[table + 4 * block..][..4].copy_from_slice(&entry);
            place += BLOCK / 512 + 1;
        }
        for (_, text) in self.locators() {
            let start = file.len();
            file.extend(text);
            file.resize(start + 512, 0);
        }
        file.resize(usize::try_from(self.first_block()).expect("metadata in memory"), 0);
        Vhd(file)
    }

    /// What the parent's file is called.
    fn parent_name(&self) -> String {
        let beside = self.parent.filter(|_| self.locators == Locators::Beside);
        beside.map_or("old.vhd".to_owned(), |uuid| format!("{uuid}.vhd"))
    }

    /// Platform and text of the locators that are written.
    fn locators(&self) -> Vec<(&'static [u8; 4], Vec<u8>)> {
        if self.parent.is_none() || matches!(self.locators, Locators::Room | Locators::NoRoom) {
            return Vec::new();
        }
        let name = self.parent_name();
        let windows: Vec<u8> = format!(".\\{name}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mac = format!("file://./{name}").into_bytes();
        vec![(b"MacX", mac), (b"W2ku", windows.clone()), (b"W2ru", windows)]
    }

    pub(crate) fn footer(&self) -> Vec<u8> {
        let mut f = vec![0u8; 512];
        f[..8].copy_from_slice(b"conectix");
        f[8..12].copy_from_slice(&2u32.to_be_bytes());
        f[12..16].copy_from_slice(&0x0001_0000u32.to_be_bytes());
        f[16..24].copy_from_slice(&512u64.to_be_bytes());
        f[24..28].copy_from_slice(&700_000_000u32.to_be_bytes());
        f[28..32].copy_from_slice(b"test");
        f[40..48].copy_from_slice(&self.size.to_be_bytes());
        f[48..56].copy_from_slice(&self.size.to_be_bytes());
        f[56..60].copy_from_slice(&geometry(self.size).to_be_bytes());
        f[60..64].copy_from_slice(&if self.parent.is_some() { 4u32 } else { 3 }.to_be_bytes());
        f[68..84].copy_from_slice(self.uuid.as_bytes());
        f[85] = u8::from(self.hidden);
        let sum = checksum(&f, 64);
        f[64..68].copy_from_slice(&sum.to_be_bytes());
        f
    }

    fn header(&self) -> Vec<u8> {
        let mut h = vec![0u8; 1024];
        h[..8].copy_from_slice(b"cxsparse");
        h[8..16].fill(0xff);
        h[16..24].copy_from_slice(&1536u64.to_be_bytes());
        h[24..28].copy_from_slice(&0x0001_0000u32.to_be_bytes());
        let blocks = u32::try_from(self.size.div_ceil(BLOCK)).expect("a disk in reach");
        h[28..32].copy_from_slice(&blocks.to_be_bytes());
        h[32..36].copy_from_slice(&0x0020_0000u32.to_be_bytes());
        if let Some(parent) = self.parent {
            h[40..56].copy_from_slice(parent.as_bytes());
            h[56..60].copy_from_slice(&700_000_000u32.to_be_bytes());
            let name: Vec<u8> = self.parent_name().encode_utf16().flat_map(u16::to_be_bytes).collect();
            h[64..64 + name.len()].copy_from_slice(&name);
            for (slot, (code, text)) in (0u64..).zip(self.locators()) {
                let len = u32::try_from(text.len()).expect("a short text");
                let at = 576 + 24 * usize::try_from(slot).expect("a slot");
                h[at..at + 4].copy_from_slice(code);
                h[at + 4..at + 8].copy_from_slice(&512u32.to_be_bytes());
                h[at + 8..at + 12].copy_from_slice(&len.to_be_bytes());
                let offset = 1536 + self.table() + 512 * slot;
                h[at + 16..at + 24].copy_from_slice(&offset.to_be_bytes());
            }
        }
        let sum = checksum(&h, 36);
        h[36..40].copy_from_slice(&sum.to_be_bytes());
        h
    }
}

/// Cylinders, heads and sectors that belong to a size, as one number: the rule in the VHD specification.
pub(crate) fn geometry(size: u64) -> u32 {
    let sectors = (size / 512).min(65_535 * 16 * 255);
    let (spt, heads, tracks) = if sectors >= 65_535 * 16 * 63 {
        (255, 16, sectors / 255)
    } else {
        let few = sectors / 17;
        let heads = few.div_ceil(1024).max(4);
        if few < heads * 1024 && heads <= 16 {
            (17, heads, few)
        } else if sectors / 31 < 16 * 1024 {
            (31, 16, sectors / 31)
        } else {
            (63, 16, sectors / 63)
        }
    };
    u32::try_from((tracks / heads) << 16 | heads << 8 | spt).expect("16 + 8 + 8 bits")
}
