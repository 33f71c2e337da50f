//! The product: chains into an SR, out of it, and from uuid to uuid within it.
//!
//! ```text
//! import:  Source ─▶ decode ─▶ sequence ─▶ examine ─▶ identify ─▶ relink ─▶ validate ─▶ land ─▶ SR
//! adopt:   directory ──────▲                 ▲
//! copy:    SR ─▶ duplicate ──────────────────┘
//! export:  SR ─▶ hard links in staging ─▶ freeze metadata ─▶ tar ─▶ gzip ─▶ digest ─▶ Sink
//! transfer: SR ─▶ hard link in staging ─▶ rsync ─▶ the directory that another host adopts
//! ```
//!
//! Every stage of an import takes the one before by value, staging area included: whichever fails, dropping its value
//! cleans up.

mod adopt;
mod advice;
mod archive;
mod arrival;
mod carried;
mod checkup;
mod coalesce;
mod compare;
mod content;
mod context;
mod convert;
mod copy;
mod decode;
mod duplicate;
mod error;
mod examine;
mod export;
mod flatten;
mod freeze;
mod held;
mod hint;
mod identify;
mod import;
mod inspect;
mod land;
mod links;
mod make;
mod map;
mod mend;
mod meter;
mod once;
mod pack;
mod progress;
mod relink;
mod report;
mod sequence;
mod survey;
mod tarball;
mod transfer;
mod validate;
mod watched;

pub use adopt::Adopt;
pub use advice::Advised;
pub use checkup::{Checkups, Depth, FileCheckup, check, check_files, check_repository};
pub use coalesce::{Coalesced, coalesce};
pub use compare::{Comparison, compare};
pub use context::{Context, threads};
pub use convert::{Convert, Converted, Form};
pub use copy::Copy;
pub use error::{Detail, Error, Kind};
pub use export::{Export, Exported};
pub use flatten::{Flat, Flatten};
pub use identify::{Identities, parse_uuid, parse_uuids};
pub use import::Import;
pub use inspect::{ImageFacts, Inspection, MemberFacts, inspect, inspect_repository};
pub use links::{Opened, open_chain, open_disk, open_raw};
pub use make::{Made, create, snapshot};
pub use map::{Map, Run, map};
pub use mend::{Repaired, repair};
pub use progress::{Both, Lines, Progress, Silent, Stage};
pub use report::{Imported, LinkReport, Root, RootOnly};
pub use survey::{BrokenFile, ChainFacts, Health, Others, Survey, Totals, VdiFacts, survey};
pub use transfer::{Peer, Transfer};
