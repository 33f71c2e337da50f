//! Is all well with this host? What it has of what vhd-porter needs or uses, and what to do about the rest.
//!
//! ```text
//! Subject ─▶ CHECKS, one after the other ─▶ Diagnosis { lines: area, what, level, found, advice }
//! ```
//!
//! A check is a function in a file of its own, and a row of the table below. It says what it found in one line or several,
//! and fails in none: what it cannot look at is a line as well. Nothing is changed. Only the checks of an SR write, and
//! only into a staging area of their own in it, which goes on every path, and which every later run sweeps up if this
//! process is killed.

mod authorities;
mod configuration;
mod control_plane;
mod diagnosis;
mod file_system;
mod kernel;
mod line;
mod plugins;
mod program;
mod repository;
mod state;
mod storage_manager;
mod subject;
mod vhd_util;

pub use diagnosis::Diagnosis;
pub use line::{Level, Line};
pub use subject::Subject;

/// Something to be looked at.
struct Check {
    area: &'static str,
    look: fn(&Subject) -> Vec<Line>,
}

/// Everything that is looked at, in this order.
const CHECKS: &[Check] = &[
    Check { area: "host", look: program::look },
    Check { area: "host", look: kernel::look },
    Check { area: "host", look: configuration::look },
    Check { area: "host", look: state::look },
    Check { area: "host", look: authorities::look },
    Check { area: "host", look: vhd_util::look },
    Check { area: "control plane", look: control_plane::look },
    Check { area: "control plane", look: plugins::look },
    Check { area: "SR", look: repository::look },
];

/// Looks at everything.
#[must_use]
pub fn diagnose(subject: &Subject) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    for Check { area, look } in CHECKS {
        diagnosis.add(area, look(subject));
    }
    diagnosis
}
