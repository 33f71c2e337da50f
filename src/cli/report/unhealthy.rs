//! What is unhealthy, why, and what to do about it.

use maud::{Markup, html};
use uuid::Uuid;

use crate::cli::show::printable;
use crate::pipeline::{Advised, Health, Survey};
use crate::sr::vdi_file_name;
use crate::vhd::Part;

/// Files that are shown with their findings.
const FILES: usize = 200;
/// Findings of one file that are shown.
const FINDINGS: usize = 12;

/// A file, what is wrong with it, and how many findings there are beyond those.
struct Sick<'a> {
    file: String,
    uuid: Option<Uuid>,
    findings: &'a [Advised],
    more: u64,
}

/// The section.
pub(super) fn section(survey: &Survey) -> Markup {
    let sick = sick(survey);
    html! {
        section aria-labelledby="unhealthy" {
            h2 id="unhealthy" { "Unhealthy" }
            @if sick.is_empty() { p { "Nothing that is wrong was found in the metadata of any VDI." } }
            @for sick in sick.iter().take(FILES) { (one(sick)) }
            @if sick.len() > FILES {
                p {
                    "… and " (sick.len() - FILES) " files more: "
                    code { "vhd-porter check --sr " (printable(&survey.sr.display().to_string())) }
                    " names everything."
                }
            }
        }
    }
}

fn sick(survey: &Survey) -> Vec<Sick<'_>> {
    let broken = survey.broken.iter().map(|broken| Sick {
        file: printable(&broken.file),
        uuid: None,
        findings: &broken.findings,
        more: broken.more,
    });
    let vdis = survey.vdis.iter().filter(|vdi| vdi.health == Health::Unhealthy);
    let vdis = vdis.map(|vdi| Sick {
        file: vdi_file_name(vdi.node.uuid),
        uuid: Some(vdi.node.uuid),
        findings: &vdi.findings,
        more: vdi.more,
    });
    broken.chain(vdis).collect()
}

fn one(sick: &Sick<'_>) -> Markup {
    let shown = &sick.findings[..sick.findings.len().min(FINDINGS)];
    let more = sick.more + (sick.findings.len() - shown.len()) as u64;
    html! {
        article id=[sick.uuid.map(|uuid| format!("v-{uuid}"))] {
            h3 { bdi { code { (sick.file) } } }
            @for same in shown.chunk_by(|a, b| a.hint == b.hint) {
                @for Advised { finding, .. } in same {
                    dl class="finding" {
                        dt {
                            (finding.part)
                            @if finding.part != Part::Chain { " at byte " (finding.offset) }
                        }
                        dd { (finding.rule.says()) }
                        dt { "expected" } dd { bdi { (printable(&finding.expected)) } }
                        dt { "found" } dd { bdi { (printable(&finding.found)) } }
                    }
                }
                p class="todo" { strong { "What to do: " } (advice(same[0].hint)) }
            }
            @if more > 0 { p { "… and " (more) " findings more." } }
        }
    }
}

/// A text in which commands stand between backticks.
pub(super) fn advice(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
