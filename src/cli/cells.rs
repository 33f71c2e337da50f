//! A disk as a row of equal cells: which link supplies most of each.

use crate::pipeline::Map;

/// Where most of a cell that is not all zero comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// No link has anything of it.
    Zero,
    /// The link with this index, 0 = leaf.
    Link(usize),
}

/// Divides the disk of `map` into `count` cells, fewer if it has fewer sectors.
pub(super) fn cells(map: &Map, count: u64) -> Vec<Cell> {
    let size = map.virtual_size.max(1);
    let count = count.clamp(1, (size / 512).max(1));
    let bound =
        |cell: u64| u64::try_from(u128::from(size) * u128::from(cell) / u128::from(count)).unwrap_or(size);
    let mut cells = Vec::new();
    let mut runs = map.runs.iter().peekable();
    for cell in 0..count {
        let (start, end) = (bound(cell), bound(cell + 1));
        let mut bytes = vec![0; map.links.len()];
        while let Some(run) = runs.peek() {
            let run_end = run.start + run.length;
            if let Some(link) = run.link {
                bytes[link] += run_end.min(end).saturating_sub(run.start.max(start));
            }
            if run_end > end {
                break;
            }
            runs.next();
        }
        let most = bytes.iter().enumerate().max_by_key(|(index, n)| (**n, std::cmp::Reverse(*index)));
        cells.push(most.filter(|(_, n)| **n > 0).map_or(Cell::Zero, |(index, _)| Cell::Link(index)));
    }
    cells
}

/// The letter of a link: `0` is the leaf, its parent `1`, the tenth `a`; `+` behind those.
pub(super) fn letter(link: usize) -> char {
    u32::try_from(link).ok().and_then(|n| char::from_digit(n, 36)).unwrap_or('+')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Run;

    #[test]
    fn a_cell_shows_who_supplies_most_of_it() {
        let run = |start, length, link| Run { start, length, link };
        let map = Map {
            links: vec!["leaf".into(), "base".into()],
            virtual_size: 8192,
            supplied: vec![1024, 3072],
            runs: vec![run(0, 1024, Some(0)), run(1024, 3072, Some(1)), run(4096, 4096, None)],
        };
        let (zero, leaf, base) = (Cell::Zero, Cell::Link(0), Cell::Link(1));
        assert_eq!(cells(&map, 4), [leaf, base, zero, zero]);
        assert_eq!(cells(&map, 1), [base]);
        assert_eq!(cells(&map, 1000).len(), 16);
        assert_eq!([letter(0), letter(10), letter(36)], ['0', 'a', '+']);
    }
}
