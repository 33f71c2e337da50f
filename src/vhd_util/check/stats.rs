//! `check -s`: how much of each image is allocated, written, and not in any image below it.

use super::base_name;
use crate::vhd::{Bat, BlockIndex};
use crate::vhd_util::console::{Console, say};
use crate::vhd_util::disk::Disk;
use crate::vhd_util::errno::Errno;

/// Sectors of one image.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    allocated: u64,
    written: u64,
    not_in_parent: u64,
    not_in_ancestors: u64,
}

/// Prints a line for each image of `family`, which is leaf first; the base's comes first.
pub(super) fn print(console: &mut Console<'_>, family: &[Disk]) -> Result<(), Errno> {
    for (index, count) in count(family)?.into_iter().enumerate().rev() {
        let name = base_name(&family[index].path);
        let share = |part: u64, whole: u64| format!("0x{part:x} ({:.2}%)", percent(part, whole));
        say!(console, "{}: secs allocated: 0x{:x}", name.display(), count.allocated);
        say!(console, " secs written: {}", share(count.written, count.allocated));
        if index + 1 < family.len() {
            say!(console, " secs not in parent: {}", share(count.not_in_parent, count.written));
            say!(console, " secs not in ancestors: {}", share(count.not_in_ancestors, count.written));
        }
        say!(console, "\n");
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// Goes through the blocks once, with one bitmap of each image in memory.
fn count(family: &[Disk]) -> Result<Vec<Count>, Errno> {
    let mut bats: Vec<Bat> = family.iter().map(Disk::bat).collect::<Result<_, _>>()?;
    let mut counts = vec![Count::default(); family.len()];
    let blocks = bats.iter().map(Bat::blocks).max().unwrap_or(0);
    for block in (0..blocks).map(BlockIndex) {
        let mut maps: Vec<Option<Vec<u8>>> = Vec::with_capacity(family.len());
        for (disk, bat) in family.iter().zip(&mut bats) {
            // The real tool counts whole blocks only.
            let whole = (u64::from(block.0) + 1) * disk.sectors_per_block() * 512 <= disk.size();
            let place = bat.entry(&disk.file, block)?.filter(|_| whole);
            maps.push(place.map(|place| disk.bitmap(place)).transpose()?);
        }
        for (index, map) in maps.iter().enumerate() {
            let Some(map) = map else { continue };
            let used =
                usize::try_from(family[index].sectors_per_block().div_ceil(8)).unwrap_or(0).min(map.len());
            let ones = |f: &dyn Fn(usize) -> u8| (0..used).map(|i| u64::from(f(i).count_ones())).sum::<u64>();
            let below = |from: usize, to: usize, i: usize| {
                maps[from..to].iter().flatten().fold(0, |bits, m| bits | m.get(i).copied().unwrap_or(0))
            };
            let count = &mut counts[index];
            count.allocated += family[index].sectors_per_block();
            count.written += ones(&|i| map[i]);
            let next = (index + 2).min(maps.len());
            count.not_in_parent += ones(&|i| map[i] & !below((index + 1).min(next), next, i));
            count.not_in_ancestors += ones(&|i| map[i] & !below((index + 1).min(maps.len()), maps.len(), i));
        }
    }
    Ok(counts)
}
