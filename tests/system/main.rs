//! The program as a whole: the built binary run as a process on real images, judged by others' programs.
//!
//! What is optional (qemu-img, a real `vhd-util`, root's right to mount) and missing is said, never passed over.
#![allow(clippy::disallowed_methods, reason = "tests start the program and its judges")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod copy;
mod export;
mod import;
mod refused_archives;
mod refused_chains;
mod refused_images;
mod refused_targets;
mod support;
