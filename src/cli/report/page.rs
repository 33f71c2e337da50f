//! The page as a whole.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{bar, chains, garbage, space, unhealthy};
use crate::cli::show::{printable, size};
use crate::pipeline::Survey;

/// Nothing is loaded, whatever else stands in the page.
const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// An empty icon: else a browser asks for one.
const ICON: &str = "data:,";
/// How it looks, in light and in dark, on screen and on paper.
const STYLE: &str = include_str!("style.css");

/// Writes the page.
pub(super) fn page(survey: &Survey) -> String {
    let place = printable(&survey.sr.display().to_string());
    let name = survey.uuid.map_or_else(|| place.clone(), |uuid| uuid.to_string());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("vhd-porter ", env!("CARGO_PKG_VERSION")));
                link rel="icon" href=(ICON);
                title { "SR " (name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (bar::patterns())
                header {
                    h1 { "Storage repository" }
                    p { bdi { code { (place) } } }
                    p class="note" { "as it was at " time datetime=(survey.time) { (survey.time) } }
                }
                main {
                    (summary(survey))
                    (space::section(survey))
                    (unhealthy::section(survey))
                    (garbage::section(survey))
                    (chains::section(survey))
                }
                footer { (words()) }
            }
        }
    };
    page.into_string()
}

/// The numbers that count most.
fn summary(survey: &Survey) -> Markup {
    let totals = &survey.totals;
    let healthy = totals.unhealthy == 0;
    html! {
        dl class="tiles" {
            div { dt { "VDIs" } dd { (totals.vdis) } dd class="note" { (totals.hidden) " of them hidden" } }
            div { dt { "Chains" } dd { (survey.chains.len()) }
                dd class="note" { (size(totals.virtual_size)) " of visible disks" } }
            div { dt { "VDIs occupy" } dd { (size(totals.occupied_size)) }
                dd class="note" { "in files of " (size(totals.physical_size)) } }
            div { dt { "Free" } dd { (size(survey.space.free)) } dd class="note" { "of " (size(survey.space.total)) } }
            div { dt { "Garbage" } dd { (size(totals.garbage_size)) }
                dd class="note" {
                    @if totals.garbage == 0 { "none" } @else { a href="#garbage" { (totals.garbage) " to look at" } }
                } }
            div class=[(!healthy).then_some("alarm")] { dt { "Unhealthy" } dd { (totals.unhealthy) }
                dd class="note" { @if healthy { "nothing was found" } @else { a href="#unhealthy" { "why, and what to do" } } } }
        }
    }
}

/// What the words mean.
fn words() -> Markup {
    html! {
        h2 { "Words" }
        dl class="words" {
            dt { "disk" } dd { "The size that a guest sees." }
            dt { "file" } dd { "The length of the VHD file." }
            dt { "occupies" } dd {
                "What the file takes of its file system. Holes take nothing; what is shared with another file by "
                "reflinks counts in both."
            }
            dt { "hidden" } dd { "An inner node of a chain: its children read from it, and xapi does not show it." }
            dt { "in use" } dd {
                "There is no footer at its end: a guest has the disk, or had it when its host died."
            }
        }
        p class="note" { "Read by vhd-porter " (env!("CARGO_PKG_VERSION")) ", from the metadata of the files alone." }
    }
}
