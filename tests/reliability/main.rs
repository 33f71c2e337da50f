//! What is left of an SR when a run is killed, when the system refuses, and when the power fails: at every step.
//!
//! Each campaign does the same jobs over and over, and stops or disturbs them at another step each time. What is in the
//! SR then is held to a model of the storage manager; so is what `vhd-porter recover` makes of it; and the same call
//! made again has to succeed. By default a spread of the steps is tried; with `VHD_PORTER_LONG=1` all of them are.
//! `docs/reliability.md` has the figures.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests, and strace")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod campaign;
mod fail;
mod kill;
mod model;
mod power;
mod recorder;
mod shared;
mod steps;
#[path = "../system/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests of the system, which use more of it")]
mod support;
mod verdict;
mod world;
