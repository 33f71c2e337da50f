//! Bootable ISO images in an SR: taking one apart, and putting it together with other files in it.
//!
//! ```text
//! <sr>/iso/<uuid>.img ─▶ Mounted, read-only ─▶ tree in staging ─▶ mkisofs ─▶ replaces <uuid>.img
//! ```

mod error;
mod injection;
mod mounted;
mod programs;
mod tree;

pub use error::Error;
pub use injection::Injection;
pub use programs::Programs;
