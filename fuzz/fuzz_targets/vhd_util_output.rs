//! libFuzzer on the body `vhd_util_output`.
#![no_main]

#[path = "../bodies/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::vhd_util_output::run(bytes));
