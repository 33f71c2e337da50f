//! The client of xapi, and the subcommands that use it, against a stand-in.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests, and Pythons")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod doctor;
mod place;
mod wire;
#[path = "../xapi/mod.rs"]
mod xapi;
