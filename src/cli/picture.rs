//! The map of a disk as an SVG picture, for light and dark surroundings.
//!
//! Every square says by its colour which link supplies most of it, and by its letter where colours do not do: the letters
//! are those of the map on a terminal.

use maud::{Markup, PreEscaped, html};

use super::cells::{Cell, cells, letter};
use super::show::{printable, size};
use crate::pipeline::Map;

/// Cells in a row, and most rows: each cell of a 2040 GiB disk is then a GiB.
const COLUMNS: u64 = 64;
const ROWS: u64 = 32;
/// Side of a cell, and the room around the picture.
const SIDE: u64 = 14;
const MARGIN: u64 = 24;
/// Height of a line of text.
const LINE: u64 = 22;
/// Most characters of a name that are written.
const LONGEST: usize = 72;
const WIDTH: u64 = COLUMNS * SIDE + 2 * MARGIN;

const STYLE: &str = "
  .ground { fill: #fff } .ink { fill: #1e2321 } .dim { fill: #59615d } .zero { fill: #eceeec }
  .title { font-weight: 600; font-size: 15px }
  .on { fill: #fff; font-size: 9px; text-anchor: middle; font-family: ui-monospace, monospace }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #171a19 } .ink { fill: #e4e8e5 } .dim { fill: #a2aba6 } .zero { fill: #262b2a }
  }
";

/// The colour of a link: hues a golden angle apart, so that neighbours in a chain differ; dark enough for white letters.
fn colour(link: usize) -> String {
    format!("hsl({} 45% 40%)", (205 + link * 137) % 360)
}

/// Draws `map`.
pub(super) fn svg(map: &Map) -> String {
    let cells = cells(map, COLUMNS * ROWS);
    let rows = (cells.len() as u64).div_ceil(COLUMNS);
    let grid_top = MARGIN + 2 * LINE + LINE / 2;
    let legend_top = grid_top + rows * SIDE + LINE;
    let height = legend_top + (map.links.len() as u64 + 1) * LINE;
    let name = file_name(map.links.first().map_or("", String::as_str));
    let title = format!("{name}, {} disk", size(map.virtual_size));
    let each = size(map.virtual_size / cells.len().max(1) as u64);
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(height) viewBox={ "0 0 " (WIDTH) " " (height) }
            font-family="system-ui, sans-serif" font-size="13" role="img" aria-labelledby="title" {
            title id="title" { "Which link supplies which part of " (title) }
            style { (PreEscaped(STYLE)) }
            rect class="ground" width=(WIDTH) height=(height) {}
            (text(MARGIN, MARGIN + LINE / 2, "ink title", &title))
            (text(
                MARGIN,
                MARGIN + LINE + LINE / 2,
                "dim",
                &format!("each square about {each}, row by row from the start of the disk"),
            ))
            @for (index, cell) in (0u64..).zip(&cells) {
                (square(MARGIN + index % COLUMNS * SIDE, grid_top + index / COLUMNS * SIDE, *cell))
            }
            @for (index, (cell, line)) in (0u64..).zip(legend(map)) {
                (square(MARGIN, legend_top + index * LINE, cell))
                (text(MARGIN + 2 * SIDE, legend_top + index * LINE + SIDE - 3, "ink", &line))
            }
        }
    };
    picture.into_string() + "\n"
}

/// A line for each link, and one for what no link has.
fn legend(map: &Map) -> Vec<(Cell, String)> {
    let part = |bytes: u64| {
        let percent = u128::from(bytes) * 100 / u128::from(map.virtual_size.max(1));
        format!("{}, {percent} %", size(bytes))
    };
    let links = map.links.iter().zip(&map.supplied).enumerate().map(|(index, (name, bytes))| {
        let role = if index == 0 { "the leaf, " } else { "" };
        (Cell::Link(index), format!("{}: {role}supplies {}", file_name(name), part(*bytes)))
    });
    let rest = map.virtual_size.saturating_sub(map.supplied.iter().sum());
    links.chain([(Cell::Zero, format!("in no link: zeros, {}", part(rest)))]).collect()
}

fn square(x: u64, y: u64, cell: Cell) -> Markup {
    let side = SIDE - 1;
    html! {
        @match cell {
            Cell::Zero => { rect class="zero" x=(x) y=(y) width=(side) height=(side) rx="1.5" {} }
            Cell::Link(link) => {
                rect fill=(colour(link)) x=(x) y=(y) width=(side) height=(side) rx="1.5" {}
                text class="on" x=(x + side / 2) y=(y + side - 3) { (letter(link)) }
            }
        }
    }
}

fn text(x: u64, y: u64, class: &str, words: &str) -> Markup {
    html! { text class=(class) x=(x) y=(y) { (words) } }
}

fn file_name(path: &str) -> String {
    let name = printable(path.rsplit('/').next().unwrap_or(path));
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Run;

    #[test]
    fn names_are_text_in_the_picture() {
        let name = "a/<script>&\u{1b}\"x".to_owned() + &"y".repeat(500);
        let run = Run { start: 0, length: 4096, link: Some(0) };
        let map = Map { links: vec![name], virtual_size: 8192, supplied: vec![4096], runs: vec![run] };
        let svg = svg(&map);
        assert!(svg.contains("&lt;script&gt;&amp;\u{fffd}") && !svg.contains("<script"), "{svg}");
        assert!(svg.contains("yyy…: the leaf, supplies 4.0 KiB, 50 %"), "{svg}");
    }
}
