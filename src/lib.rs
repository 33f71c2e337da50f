//! vhd-porter moves VHD images and chains in and out of storage repositories.
pub mod os;
pub mod sr;
pub mod stream;
pub mod tool;
pub mod transport;
pub mod vhd;
