//! The directory where it is remembered which calls are done.

use super::line::Line;
use super::subject::Subject;
use crate::config::key;
use crate::os;

pub(super) fn look(subject: &Subject) -> Vec<Line> {
    let state = subject.settings.path(key::STATE);
    let shown = state.display();
    let lost = "give it a directory that can be written, or set state: without it a call made again after a lost \
                answer is refused, because its uuids are taken";
    // The first of its ancestors that is there is where it would be made.
    let there = state.ancestors().find(|place| place.symlink_metadata().is_ok());
    let line = match there {
        Some(place) if !place.is_dir() => {
            Line::warn("state", format!("{shown}: {} is no directory", place.display()), lost)
        }
        Some(place) if !os::may_write(place) => {
            let whose = if place == state { String::new() } else { format!("{shown}: ") };
            Line::warn("state", format!("{whose}{} cannot be written", place.display()), lost)
        }
        Some(place) if place == state => Line::good("state", format!("{shown} can be written")),
        _ => Line::good("state", format!("{shown}: not there yet, made by the first import")),
    };
    vec![line]
}
