//! vhd-porter moves VHD images and chains in and out of storage repositories.
pub mod cli;
pub mod os;
pub mod pipeline;
pub mod sr;
pub mod stream;
pub mod tool;
pub mod transport;
pub mod vhd;
