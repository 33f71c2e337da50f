//! What is garbage, why, and who removes it.

use maud::{Markup, html};

use super::unhealthy::advice;
use crate::cli::list::counted;
use crate::cli::show::{printable, size};
use crate::pipeline::Survey;
use crate::sr::vdi_file_name;

/// Things that are shown.
const SHOWN: usize = 500;

/// A piece of garbage.
struct Piece {
    name: String,
    why: String,
    occupied: u64,
    todo: String,
}

/// The section.
pub(super) fn section(survey: &Survey) -> Markup {
    let pieces = pieces(survey);
    let work = survey.staging.iter().filter(|area| area.in_work).count();
    html! {
        section aria-labelledby="garbage" {
            h2 id="garbage" { "Garbage" }
            @if pieces.is_empty() {
                p { "There is none." }
            } @else {
                div class="scroll" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "What" }
                                th scope="col" class="number" { "Occupies" }
                                th scope="col" { "Why" }
                                th scope="col" { "What to do" }
                            }
                        }
                        tbody {
                            @for piece in pieces.iter().take(SHOWN) {
                                tr {
                                    th scope="row" { bdi { code { (piece.name) } } }
                                    td class="number" { (size(piece.occupied)) }
                                    td { (piece.why) }
                                    td { (advice(&piece.todo)) }
                                }
                            }
                        }
                    }
                }
            }
            @if pieces.len() > SHOWN { p { "… and " (pieces.len() - SHOWN) " more." } }
            @if work > 0 {
                p class="note" { "Somebody is at work here: " (counted(work, "staging area")) " will go when that ends." }
            }
        }
    }
}

fn pieces(survey: &Survey) -> Vec<Piece> {
    let sr = printable(&survey.sr.display().to_string());
    let scan = survey.uuid.map_or("a scan of the SR".to_owned(), |uuid| format!("`xe sr-scan uuid={uuid}`"));
    let vdis = survey.vdis.iter().filter(|vdi| vdi.garbage).map(|vdi| Piece {
        name: vdi_file_name(vdi.node.uuid),
        why: "hidden, and no visible VDI descends from it".to_owned(),
        occupied: vdi.node.occupied_size,
        todo: format!("nothing: the storage manager's garbage collector removes it; {scan} starts one"),
    });
    let staging = survey.staging.iter().filter(|area| !area.in_work).map(|area| {
        let owner = match area.owner.pid {
            0 => String::new(),
            pid => format!(": process {pid} on {}", printable(&area.owner.host)),
        };
        let problem = area.problem.as_ref().map_or(String::new(), |why| format!("; {}", printable(why)));
        Piece {
            name: printable(&area.directory),
            why: format!("staging area of a vhd-porter that died{owner}{problem}"),
            occupied: area.occupied_size,
            todo: format!("`vhd-porter recover --sr {sr}` ends what it had begun; so does the next import"),
        }
    });
    let legacy = survey.legacy.iter().map(|left| Piece {
        name: left.directory.clone(),
        why: format!("like a staging area of the Python plugins, with {}", counted(left.files.len(), "file")),
        occupied: left.occupied_size,
        todo: format!("make sure that none of them runs, then `vhd-porter recover --sr {sr} --legacy`"),
    });
    let mut pieces: Vec<Piece> = vdis.chain(staging).chain(legacy).collect();
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.occupied));
    pieces
}
