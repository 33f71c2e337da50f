//! The chains: a line with a bar for each, the largest first, and its VDIs below it.

use maud::{Markup, html};

use super::bar::{Kind, bar};
use crate::cli::list::counted;
use crate::cli::show::size;
use crate::pipeline::{ChainFacts, Health, Survey, VdiFacts};

/// Chains that are shown at once; the smaller ones are folded away.
const SHOWN: usize = 50;
/// Where there are no more VDIs than this, all chains are unfolded.
const UNFOLDED: usize = 20;
/// Depth from which on VDIs are not indented further.
const DEEPEST: usize = 16;

/// A chain, and its VDIs.
type Chain<'a> = (&'a ChainFacts, &'a [VdiFacts]);

/// The section.
pub(super) fn section(survey: &Survey) -> Markup {
    let mut rest = &survey.vdis[..];
    let mut chains: Vec<Chain<'_>> = Vec::new();
    for facts in &survey.chains {
        let (vdis, others) = rest.split_at(facts.vdis.min(rest.len()));
        chains.push((facts, vdis));
        rest = others;
    }
    chains.sort_by_key(|(facts, _)| std::cmp::Reverse(facts.occupied_size));
    let most = chains.first().map_or(0, |(facts, _)| facts.occupied_size);
    let (shown, folded) = chains.split_at(chains.len().min(SHOWN));
    let unfold = survey.vdis.len() <= UNFOLDED;
    html! {
        section aria-labelledby="chains" {
            h2 id="chains" { "Chains" }
            @if chains.is_empty() {
                p { "There is no VDI in this SR." }
            } @else {
                p class="note" {
                    "The largest first. A bar is what the links of a chain occupy, from the base on: plain for visible VDIs, "
                    "hatched for hidden ones, crossed for garbage."
                }
                @for chain in shown { (one(chain, most, unfold)) }
            }
            @if !folded.is_empty() {
                details class="more" {
                    summary { (counted(folded.len(), "more chain")) ", which occupy "
                        (size(folded.iter().map(|(facts, _)| facts.occupied_size).fold(0, u64::saturating_add)))
                    }
                    @for chain in folded { (one(chain, most, false)) }
                }
            }
        }
    }
}

fn one((facts, vdis): &Chain<'_>, most: u64, unfold: bool) -> Markup {
    let visible: Vec<&VdiFacts> = vdis.iter().filter(|vdi| !vdi.node.hidden).collect();
    let name = visible.first().map_or(facts.base, |vdi| vdi.node.uuid);
    let pieces: Vec<(Kind, u64)> = vdis.iter().map(|vdi| (kind(vdi), vdi.node.occupied_size)).collect();
    let occupied = size(facts.occupied_size);
    let says = format!("{} in {occupied}", counted(facts.vdis, "VDI"));
    html! {
        details class="chain" open[unfold] {
            summary {
                span class="name" {
                    code { (name) }
                    @if visible.len() > 1 { " and " (visible.len() - 1) " more" }
                    @if visible.is_empty() { " (hidden)" }
                }
                span class="facts" { (counted(facts.vdis, "VDI")) }
                span class="facts size" { (occupied) }
                span class="facts" { @if facts.garbage { "garbage" } @else { (health(facts.health)) } }
                (bar(&pieces, most, &says))
            }
            div class="scroll" {
                table {
                    thead {
                        tr {
                            th scope="col" { "VDI" }
                            th scope="col" { "Role" }
                            th scope="col" class="number" { "Disk" }
                            th scope="col" class="number" { "File" }
                            th scope="col" class="number" { "Occupies" }
                            th scope="col" { "Health" }
                        }
                    }
                    tbody { @for vdi in *vdis { (row(vdi)) } }
                }
            }
        }
    }
}

fn row(vdi: &VdiFacts) -> Markup {
    let node = &vdi.node;
    html! {
        tr {
            th scope="row" style={ "padding-inline-start:" (vdi.depth.min(DEEPEST)) "em" } {
                @if vdi.depth > 0 { span class="branch" aria-hidden="true" { "└ " } }
                code { (node.uuid) }
                @if let Some(parent) = node.parent.filter(|_| vdi.parent_missing) {
                    br; span class="note" { "parent " code { (parent) } " is missing" }
                }
            }
            td { @if node.hidden { "hidden" } @else { "visible" } }
            td class="number" { (size(node.virtual_size)) }
            td class="number" { (size(node.physical_size)) }
            td class="number" { (size(node.occupied_size)) }
            td {
                @if vdi.garbage {
                    a href="#garbage" { "garbage" }
                } @else if vdi.findings.is_empty() {
                    (health(vdi.health))
                } @else {
                    a href={ "#v-" (node.uuid) } { (health(vdi.health)) }
                }
            }
        }
    }
}

fn kind(vdi: &VdiFacts) -> Kind {
    match (vdi.garbage, vdi.node.hidden) {
        (true, _) => Kind::Garbage,
        (false, true) => Kind::Hidden,
        (false, false) => Kind::Visible,
    }
}

/// The word for how a VDI is, with a sign before it that does not need colours.
fn health(health: Health) -> Markup {
    let (class, sign) = match health {
        Health::Sound => ("sound", "✓"),
        Health::InUse => ("in-use", "●"),
        Health::Unhealthy => ("sick", "!"),
    };
    html! { span class={ "health " (class) } { span class="sign" aria-hidden="true" { (sign) } " " (health.says()) } }
}
