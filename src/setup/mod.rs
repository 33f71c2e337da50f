//! Putting the programs, their pages and the plugins' links in place, and taking them away again.
//!
//! ```text
//! install:    items ─▶ plan (what stands there now, and whose it is) ─▶ manifest ─▶ backups ─▶ names
//! uninstall:  manifest ─▶ what stands there now ─▶ backups come back, the rest goes ─▶ manifest goes
//! ```
//!
//! A name never lacks its file in between: what is new is written beside it and renamed onto it, what was there
//! and is not ours gets a second name first, which is its backup. The manifest is durable before anything else
//! changes, and says what may have been put where: so whatever a run was killed in, the next one completes it,
//! be it an install or an uninstall.

mod change;
mod entry;
mod error;
mod install;
mod item;
mod manifest;
mod names;
mod plan;
mod site;
mod standing;
mod uninstall;

pub use change::{Action, Change};
pub use error::Error;
pub use install::install;
pub use item::{Content, Item};
pub use site::Site;
pub use uninstall::uninstall;

/// Whether a run acts, or only says what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It acts.
    Act,
    /// It only says what it would do; nothing is written, not even a lock.
    Rehearse,
}
