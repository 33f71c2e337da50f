//! Many at once: calls that race each other, the storage manager and death; calls that come twice; what is left by the
//! dead; and thousands of calls in a row. The long campaigns run with `VHD_PORTER_LONG=1`; what they found is in
//! `docs/reliability.md`.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests, and a storage manager")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chaos;
mod concurrent;
mod filesystems;
mod hostile;
mod image;
mod manager;
mod place;
mod recovery;
mod soak;
mod staged;
mod waiting;

/// Whether the long campaigns are asked for.
fn long() -> bool {
    std::env::var_os("VHD_PORTER_LONG").is_some_and(|value| value == "1")
}

/// Says why a test did not run.
fn skipped(what: &str, why: &str) {
    println!("skipped: {what}: {why}");
}
