//! libFuzzer on the body `tar_gzip`.
#![no_main]

#[path = "../bodies/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::tar_gzip::run(bytes));
