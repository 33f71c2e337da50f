//! vhd-porter moves VHD images and chains in and out of storage repositories.
pub mod vhd;
