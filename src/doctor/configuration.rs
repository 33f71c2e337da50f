//! The configuration: what is wrong with it, what it sets, and who could read its secrets.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::line::Line;
use super::subject::Subject;
use crate::config::{self, Kind, Origin, Settings, key};
use crate::os;

pub(super) fn look(subject: &Subject) -> Vec<Line> {
    let settings = &subject.settings;
    let mut lines = vec![summary(settings)];
    let correct = "correct it: vhd-porter config example shows all settings; until then, whatever reads them is refused";
    lines.extend(subject.wrong.iter().map(|error| Line::bad("configuration", os::in_full(error), correct)));
    let set = key::ALL.iter().filter(|key| *settings.origin(key) != Origin::Default);
    lines.extend(set.map(|key| {
        let value = key.kind.toml(settings.shown(key));
        Line::good("setting", format!("{} = {value}, by {}", key.name, settings.origin(key)))
    }));
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    lines.extend(config::misspelt(variables).into_iter().map(|(name, meant)| {
        Line::warn(
            "configuration",
            format!("{name} is set and sets nothing"),
            format!("did you mean {meant}?"),
        )
    }));
    lines.extend(settings.file().and_then(|file| readable_secrets(settings, file)));
    if settings.flag(key::HTTP_INSECURE) {
        let found = "http.insecure: servers are not verified, and secrets may go to anybody";
        lines.push(Line::warn("configuration", found, "name the server's CA with http.ca_file instead"));
    }
    lines
}

fn summary(settings: &Settings) -> Line {
    let set = key::ALL.iter().filter(|key| *settings.origin(key) != Origin::Default).count();
    let file = settings.file().map_or("no file".to_owned(), |file| file.display().to_string());
    let found = format!("{file}; {set} of {} settings are not at their defaults", key::ALL.len());
    Line::good("configuration", found)
}

/// A secret in a file that others than its owner can read.
fn readable_secrets(settings: &Settings, file: &Path) -> Option<Line> {
    let secret = |key: &&&config::Key| key.kind == Kind::Secret && !settings.text(key).is_empty();
    let in_file = |key: &&&config::Key| matches!(settings.origin(key), Origin::File(..));
    let key = key::ALL.iter().filter(secret).find(in_file)?;
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    let found =
        format!("{} holds {}, and others may read it (mode {:03o})", file.display(), key.name, mode & 0o777);
    let advice = format!("chmod 600 {}", file.display());
    (mode & 0o077 != 0).then(|| Line::warn("configuration", found, advice))
}
