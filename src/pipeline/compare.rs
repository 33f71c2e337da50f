//! Comparing two disks by what a guest would read, whatever form and chain they are kept in.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;

use super::context::Context;
use super::error::Error;
use super::links::open_disk;
use super::progress::Stage;
use crate::os;
use crate::vhd::ChainReader;

/// Bytes compared at once.
const PIECE: usize = 1 << 20;
/// Bytes of a sector.
const SECTOR: usize = 512;

/// How two disks compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Whether size and content are the same.
    pub same: bool,
    /// Sizes of the two disks, bytes.
    pub sizes: [u64; 2],
    /// Byte offset of the first sector that differs, as far as both disks reach.
    pub first_difference: Option<u64>,
    /// How many sectors differ, as far as both disks reach.
    pub differing_sectors: u64,
}

/// Compares the disks of `left` and `right`: VHDs with their parents beside them, or raw disks.
///
/// # Errors
/// One of them cannot be read.
pub fn compare(left: &Path, right: &Path, ctx: Context<'_>) -> Result<Comparison, Error> {
    let (mut a, mut b) = (open_disk(left)?, open_disk(right)?);
    let sizes = [a.chain.virtual_size(), b.chain.virtual_size()];
    let shared = sizes[0].min(sizes[1]);
    ctx.stage(Stage::Compare, Some(shared))?;
    let (mut a, mut b) = (a.chain.reader(), b.chain.reader());
    let (mut first_difference, mut differing_sectors, mut at) = (None, 0, 0);
    let (mut x, mut y) = (vec![0; PIECE], vec![0; PIECE]);
    while at < shared {
        let n = usize::try_from(shared - at).unwrap_or(PIECE).min(PIECE);
        os::stop::check().map_err(os::Error::at("reading", left))?;
        let zeros = zeros(&mut a, &mut b, shared - at).map_err(os::Error::at("reading", left))?;
        if zeros > 0 {
            at += zeros;
            ctx.progress.advance(zeros);
            continue;
        }
        a.read_exact(&mut x[..n]).map_err(os::Error::at("reading", left))?;
        b.read_exact(&mut y[..n]).map_err(os::Error::at("reading", right))?;
        if x[..n] != y[..n] {
            for (index, (p, q)) in x[..n].chunks(SECTOR).zip(y[..n].chunks(SECTOR)).enumerate() {
                if p != q {
                    first_difference = first_difference.or(Some(at + (index * SECTOR) as u64));
                    differing_sectors += 1;
                }
            }
        }
        at += n as u64;
        ctx.progress.advance(n as u64);
    }
    let same = sizes[0] == sizes[1] && differing_sectors == 0;
    Ok(Comparison { same, sizes, first_difference, differing_sectors })
}

/// Passes over what is held by neither, in both; returns its length. Where one has less of it, the rest of the other's is
/// read as zeros.
fn zeros(a: &mut ChainReader<'_, File>, b: &mut ChainReader<'_, File>, most: u64) -> io::Result<u64> {
    let known = a.zeros(most).and_then(|zeros| b.zeros(zeros)).map_err(io::Error::other)?;
    a.skip_zeros(known).map_err(io::Error::other)?;
    b.skip_zeros(known).map_err(io::Error::other)?;
    Ok(known)
}
