//! The program as a whole: the built binary run as a process on real images, judged by others' programs.
//!
//! What is optional and missing is said, never passed over: qemu-img, root's right to mount, and a real `vhd-util`, which
//! is used when the environment variable `VHD_PORTER_TEST_VHD_UTIL` names one.
#![allow(clippy::disallowed_methods, reason = "tests start the program and its judges")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bombs;
mod check;
mod config;
mod copy;
mod disks;
mod doctor;
mod export;
mod filesystems;
mod hints;
mod import;
mod inspect;
mod list;
mod memory;
mod odd_neighbours;
mod refused_archives;
mod refused_chains;
mod refused_exports;
mod refused_images;
mod refused_targets;
mod report;
mod signals;
mod status;
mod support;
mod tools;
mod zstd;
