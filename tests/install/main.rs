//! `vhd-porter install` and `uninstall`, into trees like that of a control domain which has os-xenapi's
//! plugins.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests, and strace")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../reliability/campaign.rs"]
mod campaign;
mod crash;
mod foreign;
mod model;
mod papers;
mod power;
mod programs;
#[path = "../reliability/recorder.rs"]
mod recorder;
mod refused;
#[path = "../reliability/steps.rs"]
#[allow(dead_code, reason = "shared with the tests of reliability, which use more of it")]
mod steps;
#[path = "../system/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests of the system, which use more of it")]
mod support;
mod tree;
mod upgrade;
