//! `vhd-porter map`.

use std::fmt::Write as _;
use std::io::Write as _;

use super::args::Map as Args;
use super::cells::{Cell, cells, letter};
use super::outcome::{Exit, Failure};
use super::picture::svg;
use super::show;
use crate::os;
use crate::pipeline::{Map, map};
use crate::transport::NewFile;

/// Cells in a row of the strip, and rows.
const COLUMNS: u64 = 64;
const ROWS: u64 = 8;

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let map = map(&args.links)?;
    if let Some(path) = &args.svg {
        let picture = NewFile::create(path)?;
        let mut file = picture.file().map_err(os::Error::at("opening", path))?;
        file.write_all(svg(&map).as_bytes()).map_err(os::Error::at("writing", path))?;
        picture.commit()?;
    }
    if args.json {
        show::document(&map);
    } else {
        show::text(&strip(&map));
    }
    Ok(Exit::Done)
}

/// The disk as rows of letters, one for each link, with the place in the disk where each begins; and what they stand for.
fn strip(map: &Map) -> String {
    let cells = cells(map, COLUMNS * ROWS);
    let mut text = String::new();
    let each = map.virtual_size / cells.len().max(1) as u64;
    for (index, row) in (0u64..).zip(cells.chunks(usize::try_from(COLUMNS).unwrap_or(64))) {
        let _ = write!(text, "{:>9}  ", show::size(index * COLUMNS * each));
        text.extend(row.iter().map(|cell| match cell {
            Cell::Zero => '.',
            Cell::Link(link) => letter(*link),
        }));
        text.push('\n');
    }
    text.push('\n');
    for (index, (name, bytes)) in map.links.iter().zip(&map.supplied).enumerate() {
        let _ = writeln!(text, "{}  {name} supplies {}", letter(index), show::size(*bytes));
    }
    let rest = map.virtual_size.saturating_sub(map.supplied.iter().sum());
    let _ = writeln!(text, ".  in no link: zeros, {}", show::size(rest));
    text
}
