//! The file system of an SR: how it is mounted, what room there is, and what it can do.

use indicatif::HumanBytes;

use super::line::Line;
use crate::config::{Settings, key};
use crate::os::{self, Abilities, Mount};
use crate::sr::Repository;

/// A clock that is further ahead makes dates in the future, which the storage manager's checks refuse from 1800 s on.
const SKEW: i64 = 60;

pub(super) fn mounted(sr: &Repository) -> Vec<Line> {
    let mount = match Mount::of(sr.dir()) {
        Ok(Some(mount)) => mount,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Line::failed("file system", &error, "see whether /proc is mounted")],
    };
    let found = format!("{} of {} ({})", mount.kind, mount.source, mount.options.join(","));
    let mut lines = vec![Line::good("file system", found)];
    if locks_stay_here(&mount) {
        let found = "record locks stay on this host: two hosts may work for the same uuid at once";
        lines.push(Line::warn("file system", found, "mount it without nolock and local_lock"));
    }
    lines
}

/// Whether NFS is mounted so that record locks are not carried to the server (`man 5 nfs`).
fn locks_stay_here(mount: &Mount) -> bool {
    ["nolock", "local_lock=all", "local_lock=posix"].iter().any(|option| mount.has(option))
}

pub(super) fn room(sr: &Repository, settings: &Settings) -> Vec<Line> {
    let space = match os::space(sr.dir()) {
        Ok(space) => space,
        Err(error) => return vec![Line::failed("room", &error, "see the message")],
    };
    let percent = settings.number(key::SR_RESERVE);
    let reserve = (space.total / 100).saturating_mul(percent);
    let [free, total, kept] = [space.free, space.total, reserve].map(HumanBytes);
    let found = format!("{free} free of {total}; {kept} are never filled (sr.reserve, {percent} %)");
    if space.free <= reserve {
        let advice =
            "make room: every import is refused (no-space), and the garbage collector cannot work either";
        return vec![Line::bad("room", found, advice)];
    }
    vec![Line::good("room", found)]
}

/// What was found out by doing it.
pub(super) fn abilities(found: &Abilities) -> Vec<Line> {
    let Abilities { hard_links, no_replace, shared_storage, holes, locks, clock_ahead } = *found;
    let mut lines = vec![
        match hard_links {
            true => Line::good("hard links", "there: a landing that fails half-way is taken back"),
            false => Line::warn(
                "hard links",
                "none: files are renamed, and a landing that fails half-way leaves hidden files",
                "nothing, if it has to be this file system; the storage manager collects them",
            ),
        },
        match no_replace {
            true => Line::good("no-replace", "a rename does not replace what is there"),
            false if hard_links => Line::good("no-replace", "not in renames; links do the same"),
            false => Line::warn(
                "no-replace",
                "neither by renames nor by links: names are looked at before, under the locks",
                "let nobody else make files in this SR by hand",
            ),
        },
        match shared_storage {
            true => Line::good("reflink", "there: copies share their storage until one is written"),
            false => Line::good("reflink", "none: copies are made of data"),
        },
        match locks {
            true => Line::good("record locks", "they keep others out"),
            false => Line::bad(
                "record locks",
                "they keep nobody out: two calls may work for the same uuid at once",
                "mount the file system with locks",
            ),
        },
    ];
    if !holes {
        let found = "what was never written takes room: every image takes all of its disk";
        lines.push(Line::warn("holes", found, "use a file system with sparse files"));
    }
    if clock_ahead.abs() > SKEW {
        let found = format!("files are dated {clock_ahead} s off this host's clock");
        lines.push(Line::warn("clock", found, "set the clocks of this host and of the storage (NTP)"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    const SOUND: Abilities = Abilities {
        hard_links: true,
        no_replace: true,
        shared_storage: true,
        holes: true,
        locks: true,
        clock_ahead: 0,
    };

    /// What is said that is not good.
    fn said(abilities: Abilities) -> Vec<(&'static str, Level)> {
        let lines = super::abilities(&abilities);
        assert!(lines.iter().all(|line| (line.level == Level::Good) == line.advice.is_none()), "{lines:?}");
        lines.iter().filter(|l| l.level != Level::Good).map(|l| (l.what, l.level)).collect()
    }

    #[test]
    fn locks_that_no_other_host_sees_are_told_by_the_options() {
        for (options, stay) in [
            ("rw,vers=4.1,local_lock=none", false),
            ("rw,vers=3,nolock", true),
            ("rw,local_lock=posix", true),
            ("rw,local_lock=flock", false),
        ] {
            let options = options.split(',').map(str::to_owned).collect();
            let mount = Mount { kind: "nfs".to_owned(), source: "filer:/sr".to_owned(), options };
            assert_eq!(locks_stay_here(&mount), stay, "{mount:?}");
        }
    }

    #[test]
    fn only_what_costs_something_is_warned_of() {
        assert_eq!(said(SOUND), []);
        assert_eq!(said(Abilities { no_replace: false, shared_storage: false, ..SOUND }), []);
        let neither = Abilities { no_replace: false, hard_links: false, ..SOUND };
        assert_eq!(said(neither), [("hard links", Level::Warn), ("no-replace", Level::Warn)]);
        assert_eq!(said(Abilities { locks: false, ..SOUND }), [("record locks", Level::Bad)]);
        let odd = Abilities { holes: false, clock_ahead: -61, ..SOUND };
        assert_eq!(said(odd), [("holes", Level::Warn), ("clock", Level::Warn)]);
    }
}
