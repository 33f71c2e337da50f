//! What is done with the fuzzer's bytes: one body for each target, shared by libFuzzer (`fuzz_targets/`) and by the smoke
//! test on a stable toolchain (`tests/fuzz_smoke.rs`). A body fails by panicking.
#![allow(dead_code, reason = "every fuzz target is a program that runs one of the bodies")]
#![allow(unreachable_pub, missing_docs, reason = "programs and a test, not a library")]

mod ask;
pub(crate) mod bat;
pub(crate) mod batmap;
mod disk;
pub(crate) mod footer;
pub(crate) mod gzip;
pub(crate) mod header;
pub(crate) mod image;
mod images;
mod input;
pub(crate) mod journal;
pub(crate) mod locators;
pub(crate) mod operations;
pub(crate) mod pickle;
pub(crate) mod tar_gzip;
pub(crate) mod vhd_util_output;
pub(crate) mod xmlrpc;

/// A body: takes any bytes, and panics when something is wrong.
pub(crate) type Body = fn(&[u8]);

/// Every body, by the name of its target.
pub(crate) const BODIES: [(&str, Body); 13] = [
    ("bat", bat::run),
    ("batmap", batmap::run),
    ("footer", footer::run),
    ("gzip", gzip::run),
    ("header", header::run),
    ("image", image::run),
    ("journal", journal::run),
    ("locators", locators::run),
    ("operations", operations::run),
    ("pickle", pickle::run),
    ("tar_gzip", tar_gzip::run),
    ("vhd_util_output", vhd_util_output::run),
    ("xmlrpc", xmlrpc::run),
];
