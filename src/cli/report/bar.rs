//! Bars: a row of pieces in one line, as inline SVG. What a piece is stands in words beside it; patterns tell pieces apart
//! where colours do not.

use maud::{Markup, html};

/// What a piece of a bar stands for. Each has a colour and a pattern in the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Visible,
    Hidden,
    Garbage,
    Other,
    Outside,
    Free,
}

impl Kind {
    /// All of them.
    const ALL: [Self; 6] =
        [Self::Visible, Self::Hidden, Self::Garbage, Self::Other, Self::Outside, Self::Free];

    /// Its class in the style sheet, and the name of its pattern.
    fn class(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::Garbage => "garbage",
            Self::Other => "other",
            Self::Outside => "outside",
            Self::Free => "free",
        }
    }
}

/// The patterns that pieces are filled with: once in a page.
pub(super) fn patterns() -> Markup {
    html! {
        svg class="patterns" aria-hidden="true" width="0" height="0" {
            defs {
                @for kind in Kind::ALL {
                    pattern id=(kind.class()) width="8" height="8" patternUnits="userSpaceOnUse" {
                        rect class={ "ground-" (kind.class()) } width="8" height="8" {}
                        @match kind {
                            Kind::Hidden => { path class="line" d="M0 8L8 0M-2 2L2 -2M6 10L10 6" {} }
                            Kind::Garbage => { path class="line" d="M0 0L8 8M8 0L0 8" {} }
                            Kind::Other => { circle class="dot" cx="4" cy="4" r="1.5" {} }
                            Kind::Visible | Kind::Outside | Kind::Free => {}
                        }
                    }
                }
            }
        }
    }
}

/// A bar whose full length stands for `whole` bytes; `says` is what it shows, for whoever does not see it.
pub(super) fn bar(pieces: &[(Kind, u64)], whole: u64, says: &str) -> Markup {
    let mut at = 0;
    let placed: Vec<(Kind, String, String)> = pieces
        .iter()
        .filter(|(_, size)| *size > 0)
        .map(|(kind, size)| {
            let start = at;
            at += size;
            (*kind, percent(start, whole), percent(*size, whole))
        })
        .collect();
    html! {
        svg class="bar" role="img" aria-label=(says) width="100%" height="16" {
            @for (kind, start, length) in &placed {
                rect class=(kind.class()) x=(start) width=(length) height="16" {}
            }
        }
    }
}

/// What a piece of this kind looks like.
pub(super) fn swatch(kind: Kind) -> Markup {
    html! {
        svg class="swatch" aria-hidden="true" width="14" height="14" {
            rect class=(kind.class()) width="14" height="14" {}
        }
    }
}

/// A part of a whole, to a hundredth of a percent.
fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_each_other() {
        let bar = bar(&[(Kind::Visible, 1), (Kind::Hidden, 0), (Kind::Free, u64::MAX - 2)], u64::MAX, "<it>");
        let text = bar.into_string();
        assert!(text.contains(r#"class="visible" x="0.00%" width="0.00%""#), "{text}");
        assert!(text.contains(r#"class="free" x="0.00%" width="99.99%""#), "{text}");
        assert!(text.contains("&lt;it&gt;") && !text.contains("hidden"), "{text}");
    }
}
