//! The kernel, and whether it confines plugin calls.

use std::path::Path;

use super::line::Line;
use super::subject::Subject;
use crate::os;

/// The oldest kernel that this is meant for: that of XenServer 8 and XCP-ng 8.
const OLDEST: (u32, u32) = (4, 19);

pub(super) fn look(_: &Subject) -> Vec<Line> {
    vec![kernel(&os::kernel_release()), landlock()]
}

fn kernel(release: &str) -> Line {
    let found = format!("Linux {release}");
    match version(release) {
        Some(version) if version < OLDEST => {
            let (major, minor) = OLDEST;
            let advice = format!("expected {major}.{minor} or newer: what older ones lack may be missed");
            Line::warn("kernel", found, advice)
        }
        _ => Line::good("kernel", found),
    }
}

/// The first two numbers of a release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Tried on a thread of its own: only that is confined, and it ends.
fn landlock() -> Line {
    let try_it = || os::write_only_below(&[Path::new("/dev/null")]);
    let confined = std::thread::Builder::new().spawn(try_it).ok().and_then(|thread| thread.join().ok());
    match confined {
        Some(true) => Line::good("Landlock", "there: a plugin call writes to its SR and our own state only"),
        _ => {
            Line::good("Landlock", "not there (Linux 5.19 has it): plugin calls work without being confined")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn releases_are_told_by_their_first_two_numbers() {
        for (release, level) in [
            ("4.19.0+1", Level::Good),
            ("6.18.44-fc", Level::Good),
            ("4.4.0", Level::Warn),
            ("3.10", Level::Warn),
            ("odd", Level::Good),
        ] {
            assert_eq!(kernel(release).level, level, "{release}");
        }
    }
}
