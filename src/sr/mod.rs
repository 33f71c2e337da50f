//! Storage repositories that are directories: `<uuid>.vhd` side by side, chains by name.
//!
//! ```text
//! /run/sr-mount/<sr uuid>/
//!   5ca3034b-….vhd                 a VDI: its name is its identity
//!   .vhd-porter-8f2k1x.staging/    ours: one per run, mode 0700, gone when the run ends
//! ```
//!
//! What the storage manager does with every odd file is in `docs/design.md`; the rules here follow from it.

mod error;
mod landing;
mod repository;
mod staging;
mod tree;

pub use error::Error;
pub use landing::{Arrival, land};
pub use repository::{MAX_DEPTH, Repository, vdi_file_name, vdi_uuid};
pub use staging::Staging;
pub use tree::{Broken, Node, Tree};
