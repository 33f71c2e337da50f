//! Storage repositories that are directories: `<uuid>.vhd` side by side, chains by name.
//!
//! ```text
//! /run/sr-mount/<sr uuid>/
//!   5ca3034b-….vhd                 a VDI: its name is its identity
//!   .vhd-porter-8f2k1x.staging/    ours: one per run, mode 0700, gone when the run ends
//! ```
//!
//! A run claims its staging area, and with it the uuids that it is to end in ([`Claim`]); it writes a journal there before
//! the first name appears, and names appear while the storage manager's scan and garbage collector are kept out
//! (`exclusion`). Whoever comes after a crash finds the claim without an owner and ends what the journal says
//! ([`recover`]).
//!
//! What the storage manager does with every odd file is in `docs/design.md`; the rules here follow from it.

mod area;
mod claim;
mod error;
mod exclusion;
mod gate;
mod identity;
mod journal;
mod landing;
mod leftover;
mod lookup;
mod policy;
mod receipt;
mod recovery;
mod repository;
mod staging;
mod tree;

pub use area::{Area, areas};
pub use claim::{Claim, Owner};
pub use error::Error;
pub use identity::Identity;
pub use journal::Order;
pub use landing::{Arrival, land};
pub use leftover::{Leftover, leftovers};
pub use lookup::VdiName;
pub use policy::Policy;
pub use receipt::Receipt;
pub use recovery::{Action, Recovered, Recovery, recover};
pub use repository::{MAX_DEPTH, Repository, vdi_file_name, vdi_uuid};
pub use staging::Staging;
pub use tree::{Broken, Node, Tree};
