//! `vhd-porter call`: a plugin call by hand, through the same program and the same XML that xapi uses.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::args::Call as Args;
use super::outcome::{Exit, Failure};
use super::{session, show};
use crate::os::Job;
use crate::wire::xmlrpc::{Answer, MethodCall};

/// The program that holds all plugins.
const PROGRAM: &str = "vhd-porter-plugin";
/// Its exit status where it was called wrongly: for want of such a plugin.
const WRONG: i32 = 2;
/// What it answers for want of such a function.
const UNKNOWN_FUNCTION: &str = "UNKNOWN_XENAPI_PLUGIN_FUNCTION";

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let document = match &args.json {
        Some(document) => document.clone(),
        None => Value::Object(keywords(&args.arguments)?).to_string(),
    };
    let call = MethodCall {
        method: args.function.clone(),
        session: "OpaqueRef:NULL".to_owned(),
        arguments: vec![("json".to_owned(), document)],
    };
    let (program, mut words) = command(args)?;
    words.push(call.write().into());
    let mut job = Job::new(&program).args(words);
    if let Some(file) = session::configuration() {
        job = job.env("VHD_PORTER_CONFIG", file);
    }
    let finished = job.run(Duration::MAX).map_err(|e| failed("tool-missing", e))?;
    if args.plugin_dir.is_none() && finished.status.code() == Some(WRONG) {
        // Its first line ends with the plugin that may be meant; the usage behind it is for whoever calls that program.
        let first = finished.stderr.lines().next().unwrap_or_default();
        let meant = first.split_once("; ").map_or(String::new(), |(_, meant)| format!("; {meant}"));
        let list = format!("`{PROGRAM} --help` lists them");
        return Err(failed("bad-argument", format!("{}: no such plugin{meant}; {list}", args.plugin)));
    }
    eprint!("{}", finished.stderr);
    if !finished.status.success() {
        return Err(failed("plugin", format!("{} ended with {}", program.display(), finished.status)));
    }
    match Answer::read(finished.stdout.as_bytes()).map_err(|e| failed("plugin", e))? {
        Answer::Success(text) => {
            show::text(&readable(&text, args.json.is_some()));
            Ok(Exit::Done)
        }
        Answer::Failure(items) if items.first().is_some_and(|code| code == UNKNOWN_FUNCTION) => {
            let known = items.get(2).map_or("", String::as_str);
            Err(failed("bad-argument", format!("{}: no such function: {known}", args.function)))
        }
        Answer::Failure(items) => {
            let kind = items.get(2).map_or("plugin", String::as_str).to_owned();
            let message = items.get(3..).map(|rest| rest.join(" ")).filter(|m| !m.is_empty());
            let message = message.unwrap_or_else(|| items.join(" "));
            Err(Failure::Plugin { class: kind, message })
        }
    }
}

fn failed(kind: &'static str, why: impl std::fmt::Display) -> Failure {
    Failure::Other { kind, message: why.to_string() }
}

/// `KEY=VALUE` as the entries of an object: lists, objects and quoted texts are JSON, everything else is text.
fn keywords(arguments: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut entries = Map::new();
    for argument in arguments {
        let (key, value) = argument
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("{argument:?}: expected KEY=VALUE, found no =")))?;
        // Numbers and switches are read from text as well; a text that looks like one must stay a text.
        let structured = value.starts_with(['[', '{', '"']);
        let parsed = if structured { serde_json::from_str(value).ok() } else { None };
        let value = parsed.unwrap_or_else(|| Value::from(value));
        if entries.insert(key.to_owned(), value).is_some() {
            return Err(Failure::Usage(format!("{key} is given twice")));
        }
    }
    Ok(entries)
}

/// The plugin's own link where a directory of plugins is given, else the program beside this one.
fn command(args: &Args) -> Result<(PathBuf, Vec<OsString>), Failure> {
    if let Some(dir) = &args.plugin_dir {
        return Ok((dir.join(&args.plugin), Vec::new()));
    }
    let this = std::env::current_exe().map_err(|e| failed("system", e))?;
    let program = this.parent().unwrap_or(Path::new("/")).join(PROGRAM);
    Ok((program, vec![OsString::from(&args.plugin)]))
}

/// The answer for a person: JSON laid out, a lone text bare.
fn readable(answer: &str, as_json: bool) -> String {
    match serde_json::from_str::<Value>(answer) {
        Ok(Value::String(text)) if !as_json => format!("{text}\n"),
        Ok(value) => show::pretty(&value),
        Err(_) => format!("{answer}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_json_and_plain_values_are_text() {
        let arguments = ["path=/sr", "level=9", "chain=true", "uuids=[\"a\"]", "empty="].map(str::to_owned);
        let Ok(entries) = keywords(&arguments) else { panic!("refused") };
        let document = r#"{"chain":"true","empty":"","level":"9","path":"/sr","uuids":["a"]}"#;
        assert_eq!(Value::Object(entries).to_string(), document);
        assert!(keywords(&["novalue".to_owned()]).is_err());
    }
}
