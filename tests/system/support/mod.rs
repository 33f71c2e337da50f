//! What the tests stand on: the program as a process, storage repositories, images and archives made of bytes, and
//! judges that share no code with the program.

mod archive;
mod browser;
mod disk;
mod fixture;
mod judge;
mod mount;
mod porter;
mod refusal;
mod snapshot;
mod sr;
mod vhd;

pub(crate) use archive::{Entry, gunzip, gzip, tar, tar_gz, tar_of_entries, zstd};
pub(crate) use browser::Browser;
pub(crate) use disk::{Disk, Locators, geometry};
pub(crate) use fixture::Fixture;
pub(crate) use judge::{digest_program, guest, have, python, sha256};
pub(crate) use mount::Mount;
pub(crate) use porter::{Porter, Run};
pub(crate) use refusal::{Refusal, refuse, refuse_into};
pub(crate) use snapshot::Snapshot;
pub(crate) use sr::{Sr, chain};
pub(crate) use vhd::{Part, Vhd, now};

/// Says that something was not tested, and why: never silently.
pub(crate) fn skipped(what: &str, why: &str) {
    // Past the harness, which keeps what a passing test prints to itself.
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "skipped: {what}: because {why}");
}
