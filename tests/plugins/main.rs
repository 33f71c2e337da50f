//! The plugins as xapi calls them and as Python clients see them: the built binary through links, with the
//! environment, directory and descriptors that xapi gives it.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests, and Pythons")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod again;
mod by_hand;
mod calls;
mod contract;
mod dom0;
mod failures;
mod host;
mod hostile;
mod ipxe;
mod kernel;
mod migration;
mod partition_utils;
mod porter;
mod privileges;
#[path = "../python/mod.rs"]
mod python;
mod repository;
mod signals;
mod sshd;
mod status;
mod transfer;
mod workarounds;
#[allow(dead_code, reason = "other tests ask it more")]
#[path = "../xapi/mod.rs"]
mod xapi;
