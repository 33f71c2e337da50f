//! `vhd-porter doctor`.

use super::args::Doctor as Args;
use super::outcome::{Exit, Failure};
use super::{session, show};
use crate::config::{Settings, key};
use crate::doctor::{Diagnosis, Level, Subject, diagnose};
use crate::os;
use crate::pipeline;

/// Where xapi looks for plugins.
const PLUGINS: &str = "/etc/xapi.d/plugins";

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let (settings, wrong) = Settings::diagnose(session::configuration());
    let by_uuid = args.sr_uuid.map(|uuid| settings.path(key::SR_MOUNTS).join(uuid.to_string()));
    let program = std::env::current_exe().map_err(|e| Failure::other("system", e.to_string()))?;
    let plugins = args.plugin_dir.clone().unwrap_or_else(|| PLUGINS.into());
    let diagnosis = diagnose(&Subject { settings, wrong, program, plugins, sr: args.sr.clone().or(by_uuid) });
    if let Some(signal) = os::stop::check().err().and_then(|error| os::stop::Signal::behind(&error)) {
        return Err(pipeline::Error::Stopped { signal }.into());
    }
    show::either(args.json, &diagnosis, || words(&diagnosis));
    Ok(if diagnosis.bad == 0 { Exit::Done } else { Exit::Failed })
}

/// A line for each thing, below its area; what to do, below that.
fn words(diagnosis: &Diagnosis) -> String {
    let (mut text, mut area) = (String::new(), "");
    for entry in &diagnosis.lines {
        if entry.area != area {
            area = entry.area;
            text += &format!("{area}\n");
        }
        let line = &entry.line;
        let level = match line.level {
            Level::Good => "good",
            Level::Warn => "warn",
            Level::Bad => "bad",
        };
        text += &folded(&format!("  {level:4}  {:13}  ", line.what), &line.found);
        if let Some(advice) = &line.advice {
            text += &folded(&" ".repeat(INDENT), &format!("> {advice}"));
        }
    }
    let Diagnosis { good, warn, bad, .. } = diagnosis;
    text + &format!("{good} good, {warn} to look at, {bad} bad\n")
}

/// Where what was found begins, columns.
const INDENT: usize = 23;
/// Where lines end, columns, unless a word is longer.
const WIDTH: usize = 100;

/// `words` behind `head`, on as many lines as it takes.
fn folded(head: &str, words: &str) -> String {
    let (mut text, mut column) = (head.to_owned(), INDENT);
    for (index, word) in words.split(' ').enumerate() {
        let length = word.chars().count() + 1;
        if index > 0 && column + length > WIDTH {
            text += &format!("\n{}", " ".repeat(INDENT));
            column = INDENT;
        } else if index > 0 {
            text.push(' ');
        }
        text += word;
        column += length;
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_words() {
        let (head, word) = (" ".repeat(INDENT), "x".repeat(30));
        assert_eq!(folded(&head, "a b"), format!("{head}a b\n"));
        let three = format!("{word} {word} {word}");
        assert_eq!(folded(&head, &three), format!("{head}{word} {word}\n{head}{word}\n"));
        let long = "y".repeat(200);
        assert_eq!(folded(&head, &long), format!("{head}{long}\n"));
    }
}
