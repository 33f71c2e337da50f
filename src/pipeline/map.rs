//! Which link of a chain supplies which part of its disk.

use std::path::PathBuf;

use serde::Serialize;

use super::error::Error;
use super::links::open_chain;
use crate::vhd::{SECTOR_SIZE, Sector, Supply};

/// A run of the disk that comes from one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Byte offset in the disk.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// Index of the link that has it, 0 = leaf; `None`: no link has it, it is zero.
    pub link: Option<usize>,
}

/// A disk, and where its parts come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Map {
    /// File names of the links, leaf first.
    pub links: Vec<String>,
    /// Size of the disk, bytes.
    pub virtual_size: u64,
    /// Bytes that each link supplies, leaf first.
    pub supplied: Vec<u64>,
    /// The disk from its first byte to its last.
    pub runs: Vec<Run>,
}

/// Maps the chain of `paths`, leaf first; a single leaf's parents are found beside it. Reads BATs and bitmaps only.
///
/// # Errors
/// The chain cannot be opened or read.
pub fn map(paths: &[PathBuf]) -> Result<Map, Error> {
    let mut opened = open_chain(paths)?;
    let size = opened.chain.virtual_size();
    let sectors = size / SECTOR_SIZE;
    let mut supplied = vec![0; opened.names.len()];
    let mut runs: Vec<Run> = Vec::new();
    let mut at = 0;
    while at < sectors {
        let (supply, count) =
            opened.chain.supply(Sector(at), sectors - at).map_err(Error::engine(&opened.names[0]))?;
        let (start, length) = (at * SECTOR_SIZE, count * SECTOR_SIZE);
        let link = match supply {
            Supply::Data(index, _) => {
                supplied[index] += length;
                Some(index)
            }
            Supply::Zero => None,
        };
        match runs.last_mut() {
            Some(last) if last.link == link => last.length += length,
            _ => runs.push(Run { start, length, link }),
        }
        at += count;
    }
    Ok(Map { links: opened.names, virtual_size: size, supplied, runs })
}
