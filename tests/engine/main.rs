//! The embedded engine against judges that share no code with it: verdicts on images of the real `vhd-util`, a plain
//! vector of bytes, qemu-img, libvhdi and `vhd-util` itself; and against storage that stops or lies.
//!
//! Random tests run few cases by default; `PROPTEST_CASES` raises their number.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs that judge")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crash;
mod fixtures;
mod hostile;
mod images;
mod model;
mod oracle;
mod peers;
mod programs;
