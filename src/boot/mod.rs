//! Kernels and ramdisks of guests, as files of the control domain from which the toolstack boots paravirtual guests.
//!
//! ```text
//! /dev/xvdb ─▶ Device ─▶ Store ─▶ /boot/guest/
//!                                   5ca3034b-…                 a kernel or ramdisk, or the cached copy of one
//!                                   .vhd-porter-….part         ours: a file that is not whole yet
//! ```
//!
//! Names come from callers: nothing outside this one directory is ever opened, made or removed, and no symlink in it is
//! followed.

mod device;
mod error;
mod store;

pub use device::Device;
pub use error::Error;
pub use store::Store;
