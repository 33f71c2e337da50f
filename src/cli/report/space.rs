//! What takes the space: on the file system, and by layer of the chains.

use maud::{Markup, html};

use super::bar::{Kind, bar, swatch};
use crate::cli::list::counted;
use crate::cli::show::size;
use crate::pipeline::Survey;

/// Layers that are shown one by one.
const LAYERS: usize = 30;

/// The section.
pub(super) fn section(survey: &Survey) -> Markup {
    let pieces = pieces(survey);
    let here = pieces[..4].iter().map(|(_, _, size)| *size).fold(0, u64::saturating_add);
    let used = survey.space.total.saturating_sub(survey.space.free);
    let whole = survey.space.total.max(here.saturating_add(survey.space.free));
    let bars: Vec<(Kind, u64)> = pieces.iter().map(|(kind, _, size)| (*kind, *size)).collect();
    html! {
        section aria-labelledby="space" {
            h2 id="space" { "Space" }
            p class="note" { "The file system" }
            (bar(&bars, whole, "What takes the space of the file system; the table says the same"))
            p class="note" { "Of that, what is in the SR" }
            (bar(&bars[..4], here, "What takes the space in the SR; the table says the same"))
            table class="narrow" {
                caption { "On the file system of " (size(survey.space.total)) " that the SR is on" }
                thead { tr { th scope="col" { "What" } th scope="col" class="number" { "Occupies" } } }
                tbody {
                    @for (kind, name, bytes) in &pieces {
                        tr { th scope="row" { (swatch(*kind)) (name) } td class="number" { (size(*bytes)) } }
                    }
                }
            }
            @if here > used {
                p class="note" {
                    "These files share storage: each counts whole, and together they come to more than is in use."
                }
            }
            @if survey.space.read_only { p class="note" { "The file system is mounted read-only." } }
            (layers(survey))
        }
    }
}

/// What the file system is divided into: what is in the SR first.
fn pieces(survey: &Survey) -> [(Kind, &'static str, u64); 6] {
    let totals = &survey.totals;
    let garbage_vdis = survey.vdis.iter().filter(|vdi| vdi.garbage).map(|vdi| vdi.node.occupied_size);
    let garbage_vdis: u64 = garbage_vdis.fold(0, u64::saturating_add);
    let visible = totals.occupied_size.saturating_sub(totals.hidden_size).saturating_sub(garbage_vdis);
    let staging = survey.staging.iter().filter(|area| area.in_work).map(|area| area.occupied_size);
    let broken = survey.broken.iter().map(|file| file.occupied_size);
    let other = staging.chain(broken).fold(survey.others.occupied_size, u64::saturating_add);
    let here = [visible, totals.hidden_size, totals.garbage_size, other];
    let here = here.into_iter().fold(0, u64::saturating_add);
    let used = survey.space.total.saturating_sub(survey.space.free);
    [
        (Kind::Visible, "Visible VDIs", visible),
        (Kind::Hidden, "Hidden VDIs, which visible ones need", totals.hidden_size),
        (Kind::Garbage, "Garbage", totals.garbage_size),
        (Kind::Other, "Other files of the SR", other),
        (Kind::Outside, "Everything else on this file system", used.saturating_sub(here)),
        (Kind::Free, "Free", survey.space.free),
    ]
}

/// What the VDIs occupy by how far they are from their base.
fn layers(survey: &Survey) -> Markup {
    let mut layers: Vec<(usize, [u64; 3])> = Vec::new();
    for vdi in &survey.vdis {
        let layer = vdi.depth.min(LAYERS);
        if layers.len() <= layer {
            layers.resize(layer + 1, (0, [0; 3]));
        }
        let (count, sizes) = &mut layers[layer];
        *count += 1;
        let place = if vdi.garbage { 2 } else { usize::from(vdi.node.hidden) };
        sizes[place] = sizes[place].saturating_add(vdi.node.occupied_size);
    }
    let sum = |sizes: &[u64; 3]| sizes.iter().copied().fold(0, u64::saturating_add);
    let most = layers.iter().map(|(_, sizes)| sum(sizes)).max().unwrap_or(0);
    html! {
        @if layers.len() > 1 {
            table class="bars" {
                caption { "VDIs by layer: how many ancestors they have" }
                thead {
                    tr {
                        th scope="col" { "Layer" }
                        th scope="col" class="number" { "VDIs" }
                        th scope="col" class="number" { "Occupy" }
                        td {}
                    }
                }
                tbody {
                    @for (layer, (count, sizes)) in layers.iter().enumerate() {
                        tr {
                            th scope="row" { (named(layer)) }
                            td class="number" { (count) }
                            td class="number" { (size(sum(sizes))) }
                            td {
                                (bar(
                                    &[(Kind::Visible, sizes[0]), (Kind::Hidden, sizes[1]), (Kind::Garbage, sizes[2])],
                                    most,
                                    &format!("{}, {} of them visible", size(sum(sizes)), size(sizes[0])),
                                ))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn named(layer: usize) -> String {
    match layer {
        0 => "base".to_owned(),
        LAYERS => format!("{LAYERS} and more"),
        _ => counted(layer, "ancestor"),
    }
}
