//! `vhd-porter config`: what is set, by whom, what could be, and what is wrong with it.

use serde_json::{Map, Value, json};

use super::args::{Config as Args, ConfigCheck, ConfigCommand, ConfigShow};
use super::outcome::{Exit, Failure};
use super::{session, show};
use crate::config::{self, Key, Kind, Origin, Settings, key};
use crate::os;

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        ConfigCommand::Show(args) => show_settings(args),
        ConfigCommand::Example => {
            show::text(&config::example());
            Ok(Exit::Done)
        }
        ConfigCommand::Check(args) => check(args),
    }
}

fn show_settings(args: &ConfigShow) -> Result<Exit, Failure> {
    let settings = session::settings()?;
    show::either(args.json, &document(&settings), || lines(&settings, args.origin));
    Ok(Exit::Done)
}

/// Every setting by its name: value, default, and who set it.
fn document(settings: &Settings) -> Value {
    let entry = |key: &&'static Key| {
        let (origin, place) = match settings.origin(key) {
            Origin::Default => ("default", None),
            Origin::File(..) => ("file", Some(settings.origin(key).to_string())),
            Origin::Environment(name) => ("environment", Some(name.clone())),
            Origin::Option => ("option", None),
        };
        let value = typed(key.kind, settings.shown(key));
        let default = typed(key.kind, key.default);
        (key.name.to_owned(), json!({ "value": value, "default": default, "origin": origin, "place": place }))
    };
    let file = settings.file().map(session::shown);
    json!({ "file": file, "settings": key::ALL.iter().map(entry).collect::<Map<_, _>>() })
}

/// A value as JSON has it; null for nothing.
fn typed(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Seconds | Kind::Number => text.parse::<u64>().map_or(Value::Null, Value::from),
        Kind::Flag => Value::Bool(text == "true"),
        _ if text.is_empty() => Value::Null,
        _ => Value::from(text),
    }
}

/// The lines of a file that would set all this, each complete: for `grep`.
fn lines(settings: &Settings, with_origins: bool) -> String {
    let line = |key: &&'static Key| {
        let line = format!("{} = {}", key.name, key.kind.toml(settings.shown(key)));
        match with_origins {
            true => format!("{line:<56}  # {}\n", settings.origin(key)),
            false => format!("{line}\n"),
        }
    };
    key::ALL.iter().map(line).collect()
}

fn check(args: &ConfigCheck) -> Result<Exit, Failure> {
    let file = args.file.as_deref().or(session::configuration());
    let (settings, wrong) = match Settings::examine(file) {
        Ok(examined) => examined,
        Err(syntax @ config::Error::Syntax { .. }) => (Settings::default(), vec![syntax]),
        Err(error) => return Err(session::misconfigured(&error)),
    };
    let problems: Vec<String> = wrong.iter().map(|error| os::in_full(error)).collect();
    let set = key::ALL.iter().filter(|key| *settings.origin(key) != Origin::Default).count();
    let file = settings.file().or(file).map(session::shown);
    show::either(args.json, &json!({ "file": file, "set": set, "problems": problems }), || {
        match (file.as_deref(), problems.is_empty()) {
            (_, false) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
            (Some(file), true) => format!("{file}: sets {set} of {} settings\n", key::ALL.len()),
            (None, true) => "no configuration file: all settings have their defaults\n".to_owned(),
        }
    });
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}
