//! The VHD disk format: reading, checking, editing and making images as XenServer and XCP-ng keep them.
//!
//! The engine knows nothing of archives, storage repositories or command lines. It reaches files only through
//! [`Storage`], and it never opens a file because another file names it: whoever wants a [`Chain`] hands over every
//! link, opened, in order.
//!
//! ```text
//! 0            512        1536              batmap            locators      blocks            end
//! | footer copy | header  | BAT (4 B/block) | "tdbatmap"+bits | parent text | bitmap+2 MiB … | footer |
//!               └ table offset ▲   └ entry: sector of a block's bitmap ──────▲
//! ```
//!
//! Every integer on disk is big-endian; a sector has 512 bytes.

mod allocate;
mod attached;
mod bat;
mod batmap;
mod bitmap;
mod chain;
mod check;
mod checksum;
mod coalesce;
mod create;
mod deep;
mod discard;
mod edit;
mod error;
mod extent;
mod field;
mod finding;
mod flatten;
mod footer;
mod format;
mod geometry;
mod grow;
mod header;
mod image;
mod journal;
mod locator;
mod marker;
mod memory;
mod metadata;
mod parent;
mod raw;
mod relink;
mod repair;
mod snapshot;
mod storage;
mod time;
mod units;
mod write;

pub use bat::Bat;
pub use batmap::Batmap;
pub use chain::{Chain, ChainReader, Supply};
pub use check::{Checkup, Scope, check, check_in_place};
pub use coalesce::{RawDisk, SectorSink};
pub use create::{Creation, ParentLink, create_differencing, create_dynamic, create_fixed, fixed_footer};
pub use deep::check_data;
pub use error::Error;
pub use extent::Extent;
pub use field::Field;
pub use finding::{Finding, Findings, Part, Rule};
pub use flatten::Flattened;
pub use footer::{DiskType, FooterSource};
pub use format::{BatmapHeader, Footer, Header, ParentLocator};
pub use geometry::Geometry;
pub use image::Image;
pub use journal::Undo;
pub use locator::{LocatorText, PlatformCode};
pub use memory::Memory;
pub use metadata::MetadataPiece;
pub use parent::{ascii_parent_name, parent_name};
pub use raw::looks_like_vhd;
pub use repair::{Repair, finish_footers, repair_footers, restore_footers};
pub use snapshot::Snapshot;
pub use storage::Storage;
pub use time::VhdTime;
pub use units::{BLOCK_SIZE, BlockIndex, FileSector, MAX_VIRTUAL_SIZE, SECTOR_SIZE, Sector};
