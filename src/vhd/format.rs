//! The structures on disk, byte for byte. Data only: reading them is one cast, judging them is elsewhere.
//!
//! Layouts from "Virtual Hard Disk Image Format Specification" 1.0, with the extensions of blktap (`hidden` in the
//! footer, the batmap).

use std::mem::{offset_of, size_of};

use zerocopy::big_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::checksum;
use super::geometry::Geometry;

/// First bytes of a footer.
pub(crate) const FOOTER_COOKIE: [u8; 8] = *b"conectix";
/// First bytes of both footers while a journaled resize is under way.
pub(crate) const POISON_COOKIE: [u8; 8] = *b"v_poison";
/// First bytes of the dynamic header.
pub(crate) const HEADER_COOKIE: [u8; 8] = *b"cxsparse";
/// First bytes of the batmap header.
pub(crate) const BATMAP_COOKIE: [u8; 8] = *b"tdbatmap";
/// Creator application of blktap.
pub(crate) const CREATOR_TAP: [u8; 4] = *b"tap\0";
/// Creator version that blktap writes, and the highest that it reads: 1.3.
pub(crate) const TAP_VERSION: u32 = 0x0001_0003;
/// Version of file format and of header.
pub(crate) const VERSION_1_0: u32 = 0x0001_0000;
/// A data offset that says "nothing there".
pub(crate) const NO_OFFSET: u64 = u64::MAX;
/// BAT entry of a block that is not allocated.
pub(crate) const UNALLOCATED: u32 = u32::MAX;

/// Geometry as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawGeometry {
    /// Cylinders.
    pub cylinders: U16,
    /// Heads.
    pub heads: u8,
    /// Sectors per track.
    pub sectors: u8,
}

/// The footer: in the last 512 bytes of the file and, for all but fixed disks, once more at offset 0.
#[derive(Debug, Clone, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Footer {
    /// `conectix`.
    pub cookie: [u8; 8],
    /// Bit 1 always set, bit 0 = temporary.
    pub features: U32,
    /// 0x00010000.
    pub version: U32,
    /// Byte offset of the header; all ones for a fixed disk.
    pub data_offset: U64,
    /// Creation time, VHD epoch.
    pub timestamp: U32,
    /// Program that made the image.
    pub creator_app: [u8; 4],
    /// Its version, major in the upper half.
    pub creator_version: U32,
    /// Its operating system.
    pub creator_os: U32,
    /// Size at creation, bytes.
    pub original_size: U64,
    /// Size of the virtual disk now, bytes.
    pub current_size: U64,
    /// Legacy geometry.
    pub geometry: RawGeometry,
    /// See [`super::DiskType`].
    pub disk_type: U32,
    /// One's complement of the byte sum.
    pub checksum: U32,
    /// Identity of the image: what a child names as its parent.
    pub uuid: [u8; 16],
    /// 1 while a machine that uses the disk is suspended.
    pub saved_state: u8,
    /// blktap: 1 = internal node of a chain, garbage when nothing descends from it.
    pub hidden: u8,
    /// Zero.
    pub reserved: [u8; 426],
}

/// One of the eight places in which a header says where its parent is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct ParentLocator {
    /// See [`super::PlatformCode`]; 0 = unused.
    pub code: U32,
    /// Room for the text. The specification says sectors, everybody who matters writes bytes.
    pub data_space: U32,
    /// Length of the text in bytes.
    pub data_length: U32,
    /// Zero.
    pub reserved: U32,
    /// Byte offset of the text.
    pub data_offset: U64,
}

/// The dynamic header of dynamic and differencing images.
#[derive(Debug, Clone, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    /// `cxsparse`.
    pub cookie: [u8; 8],
    /// All ones.
    pub data_offset: U64,
    /// Byte offset of the BAT.
    pub table_offset: U64,
    /// 0x00010000.
    pub version: U32,
    /// Entries in the BAT.
    pub max_bat_entries: U32,
    /// Bytes of data in a block.
    pub block_size: U32,
    /// One's complement of the byte sum.
    pub checksum: U32,
    /// Footer uuid of the parent; all zero in a differencing image means a raw parent.
    pub parent_uuid: [u8; 16],
    /// Modification time of the parent when it was linked, VHD epoch.
    pub parent_timestamp: U32,
    /// Zero.
    pub reserved1: U32,
    /// Base name of the parent, UTF-16 big-endian, zero padded.
    pub parent_name: [u8; 512],
    /// Where the parent is, per platform.
    pub locators: [ParentLocator; 8],
    /// Zero.
    pub reserved2: [u8; 256],
}

/// Head of blktap's batmap: one bit per block that says "all its sectors are here".
#[derive(Debug, Clone, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct BatmapHeader {
    /// `tdbatmap`.
    pub cookie: [u8; 8],
    /// Byte offset of the map.
    pub offset: U64,
    /// Sectors of the map.
    pub sectors: U32,
    /// 0x00010002.
    pub version: U32,
    /// One's complement of the byte sum of the map's used part.
    pub checksum: U32,
    /// Free for the storage manager.
    pub marker: u8,
    /// 1 = a key hash is set.
    pub key_present: u8,
    /// Nonce of the key hash.
    pub key_nonce: [u8; 32],
    /// SHA-256 of nonce and key.
    pub key_hash: [u8; 32],
    /// Zero.
    pub reserved: [u8; 418],
}

const _: () = assert!(size_of::<Footer>() == 512 && offset_of!(Footer, hidden) == 85);
const _: () = assert!(offset_of!(Footer, checksum) == 64 && offset_of!(Footer, uuid) == 68);
const _: () = assert!(size_of::<Header>() == 1024 && offset_of!(Header, locators) == 576);
const _: () = assert!(offset_of!(Header, checksum) == 36 && offset_of!(Header, parent_name) == 64);
const _: () = assert!(size_of::<BatmapHeader>() == 512 && offset_of!(BatmapHeader, marker) == 28);

impl Footer {
    /// The checksum that the other fields call for.
    #[must_use]
    pub fn computed_checksum(&self) -> u32 {
        checksum::of(self.as_bytes(), 64..68)
    }

    /// Puts the right checksum in.
    pub fn seal(&mut self) {
        self.checksum = self.computed_checksum().into();
    }

    /// Whether the cookie says that a journaled resize is under way.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.cookie == POISON_COOKIE
    }

    /// Puts the geometry in that belongs to the current size.
    pub fn fit_geometry(&mut self) {
        self.geometry = Geometry::of_size(self.current_size.get()).into();
    }
}

impl Header {
    /// The checksum that the other fields call for.
    #[must_use]
    pub fn computed_checksum(&self) -> u32 {
        checksum::of(self.as_bytes(), 36..40)
    }

    /// Puts the right checksum in.
    pub fn seal(&mut self) {
        self.checksum = self.computed_checksum().into();
    }
}
