//! The storage manager's locks, and whether those of this host are the ones that count.

use super::line::Line;
use crate::config::{Settings, key};
use crate::os::{self, Dir, Lock};
use crate::sr::{Policy, Repository};

/// Its locks of an SR, and who holds them.
const LOCKS: [(&str, &str); 2] = [("sr", "a command"), ("gc_active", "the garbage collector")];

pub(super) fn look(sr: &Repository, settings: &Settings) -> Vec<Line> {
    let mut lines = vec![locks(sr, settings)];
    lines.extend(order(sr, settings));
    lines
}

fn locks(sr: &Repository, settings: &Settings) -> Line {
    let what = "SM's locks";
    let place = settings.path(key::SR_LOCKS);
    if !place.is_dir() {
        return Line::good(what, format!("no {}: there is no storage manager to keep out", place.display()));
    }
    let Some(uuid) = sr.uuid() else {
        return Line::good(what, "not taken: the directory is not named by the uuid of an SR");
    };
    let place = place.join(uuid.to_string());
    let dir = match Dir::open(&place) {
        Ok(dir) => dir,
        Err(error) if error.is_missing() => {
            return Line::good(what, format!("{}: made when they are taken", place.display()));
        }
        Err(error) => return Line::failed(what, &error, "run this as root"),
    };
    let mut held = Vec::new();
    for (name, who) in LOCKS {
        match Lock::is_held(&dir, name) {
            Ok(true) => held.push(who),
            Ok(false) => {}
            Err(error) => return Line::failed(what, &error, "run this as root"),
        }
    }
    let now = if held.is_empty() { "nobody".to_owned() } else { held.join(" and ") };
    Line::good(what, format!("{}, held now by {now}", place.display()))
}

/// On a shared SR the locks that count are those of the pool's master.
fn order(sr: &Repository, settings: &Settings) -> Option<Line> {
    match os::is_shared(sr.dir()) {
        Ok(true) if Policy::from(settings).is_slave() => {
            let found =
                "shared, and this host is a slave: the leaf lands first, because the master's locks count";
            let advice = "import on the pool's master where you can; vhd-porter recover belongs there";
            Some(Line::warn("sharing", found, advice))
        }
        Ok(true) => Some(Line::good("sharing", "hosts may share it; the locks of this one count")),
        Ok(false) => Some(Line::good("sharing", "this host's alone")),
        Err(error) => Some(Line::failed("sharing", &error, "see the message")),
    }
}
