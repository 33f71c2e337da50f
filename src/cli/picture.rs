//! The map of a disk as an SVG picture, for light and dark surroundings.

use std::fmt::Write as _;

use super::cells::{Cell, cells};
use super::show;
use crate::pipeline::Map;

/// Cells in a row, and rows: each cell of a 2040 GiB disk is then half a GiB.
const COLUMNS: u64 = 96;
const ROWS: u64 = 40;
/// Side of a cell, and the room around the picture.
const SIDE: u64 = 9;
const MARGIN: u64 = 24;
/// Height of a line of the legend.
const LINE: u64 = 22;

/// The colour of a link: hues a golden angle apart, so that neighbours in a chain differ.
fn colour(link: usize) -> String {
    format!("hsl({} 62% 52%)", (212 + link * 137) % 360)
}

/// Draws `map`.
pub(super) fn svg(map: &Map) -> String {
    let cells = cells(map, COLUMNS * ROWS);
    let rows = (cells.len() as u64).div_ceil(COLUMNS);
    let grid = rows * SIDE;
    let legend = (map.links.len() as u64 + 1) * LINE;
    let (width, height) = (COLUMNS * SIDE + 2 * MARGIN, 2 * LINE + grid + legend + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <style>\n  .ground {{ fill: #fff }} .ink {{ fill: #1b1b1f }} .dim {{ fill: #66666e }} .zero {{ fill: #ececf0 }}\n  \
         @media (prefers-color-scheme: dark) {{\n    .ground {{ fill: #17171a }} .ink {{ fill: #ececf0 }} \
         .dim {{ fill: #9a9aa4 }} .zero {{ fill: #2a2a30 }}\n  }}\n</style>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    let top = MARGIN + LINE / 2;
    let title = format!("{}, {} disk", file_name(&map.links[0]), show::size(map.virtual_size));
    text(&mut svg, MARGIN, top, "ink", &title, " font-weight=\"600\" font-size=\"15\"");
    let each = show::size(map.virtual_size / cells.len().max(1) as u64);
    text(
        &mut svg,
        MARGIN,
        top + LINE,
        "dim",
        &format!("each square about {each}, row by row from the start"),
        "",
    );
    let top = MARGIN + 2 * LINE + LINE / 2;
    for (index, cell) in (0u64..).zip(&cells) {
        let (x, y) = (MARGIN + index % COLUMNS * SIDE, top + index / COLUMNS * SIDE);
        square(&mut svg, x, y, *cell);
    }
    let mut y = top + grid + LINE;
    for (index, (name, bytes)) in map.links.iter().zip(&map.supplied).enumerate() {
        square(&mut svg, MARGIN, y - SIDE, Cell::Link(index));
        let role = if index == 0 { "leaf, " } else { "" };
        let line = format!("{} ({role}supplies {})", file_name(name), show::size(*bytes));
        text(&mut svg, MARGIN + 2 * SIDE, y, "ink", &line, "");
        y += LINE;
    }
    square(&mut svg, MARGIN, y - SIDE, Cell::Zero);
    let rest = map.virtual_size.saturating_sub(map.supplied.iter().sum());
    text(&mut svg, MARGIN + 2 * SIDE, y, "dim", &format!("in no link: zeros, {}", show::size(rest)), "");
    svg.push_str("</svg>\n");
    svg
}

fn square(svg: &mut String, x: u64, y: u64, cell: Cell) {
    let fill = match cell {
        Cell::Zero => "class=\"zero\"".to_owned(),
        Cell::Link(link) => format!("fill=\"{}\"", colour(link)),
    };
    let side = SIDE - 1;
    let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" rx=\"1.5\" {fill}/>");
}

fn text(svg: &mut String, x: u64, y: u64, class: &str, words: &str, more: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\"{more}>{words}</text>");
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
