//! The reference documents say what there is: every setting, every plugin, every function and argument, and nothing else.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use vhd_porter::config::key;

fn document(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// The name that a line has between its first backquotes, behind `start`.
fn named<'l>(line: &'l str, start: &str) -> Option<&'l str> {
    line.strip_prefix(start)?.strip_prefix('`')?.split('`').next()
}

#[test]
fn every_setting_stands_in_the_guide_as_it_is() {
    let row = |key: &&key::Key| {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        format!("| `{}` | {} | {default} | {} |", key.name, key.kind.expected(), key.about)
    };
    let mut expected: Vec<String> = key::ALL.iter().map(row).collect();
    expected.sort();
    let guide = document("guide/configuration.md");
    let rows = guide.lines().filter(|line| named(line, "| ").is_some_and(|name| name.chars().all(is_name)));
    let found: Vec<&str> = rows.filter(|line| line.matches(" | ").count() == 3).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    assert_eq!(found, expected, "the table should be\n{}", expected.join("\n"));
}

fn is_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.')
}

/// The arguments of every function, by plugin and function, and whether each is required.
type Functions = BTreeMap<(String, String), Vec<(String, bool)>>;

/// Those of the program.
fn there_are() -> Functions {
    let listed = Command::new(env!("CARGO_BIN_EXE_vhd-porter-plugin")).args(["--list", "--json"]).output();
    let listed: Value = serde_json::from_slice(&listed.unwrap().stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut functions = Functions::new();
    for plugin in listed["plugins"].as_array().unwrap() {
        for function in plugin["functions"].as_array().unwrap() {
            let parameters = function["parameters"].as_array().unwrap().iter();
            let parameters =
                parameters.map(|p| (text(&p["name"]), p["required"].as_bool().unwrap())).collect();
            functions.insert((text(&plugin["name"]), text(&function["name"])), parameters);
        }
    }
    functions
}

/// Those of the document: a heading for each plugin, below it one for each function, below that a table.
fn described(document: &str) -> Functions {
    let (mut functions, mut plugin, mut at) = (Functions::new(), String::new(), None);
    let mut in_table = false;
    for line in document.lines() {
        if let Some(name) = named(line, "## ") {
            (plugin, at) = (name.to_owned(), None);
        } else if let Some(name) = named(line, "### ") {
            at = Some((plugin.clone(), name.to_owned()));
            functions.insert((plugin.clone(), name.to_owned()), Vec::new());
        }
        in_table = line.starts_with("| argument |") || in_table && line.starts_with('|');
        if let (true, Some(function), Some(name)) = (in_table, &at, named(line, "| ")) {
            let required = match line.split('|').nth(3).unwrap().trim() {
                "yes" => true,
                "no" => false,
                other => panic!("{function:?}, {name}: expected yes or no, found {other}"),
            };
            functions.get_mut(function).unwrap().push((name.to_owned(), required));
        }
    }
    functions
}

#[test]
fn every_function_and_argument_of_the_plugins_is_described_and_no_other() {
    let (there, said) = (there_are(), described(&document("plugins.md")));
    assert!(there.len() > 40, "{there:?}");
    for (function, parameters) in &there {
        assert_eq!(said.get(function), Some(parameters), "{function:?}: said, there");
    }
    let strangers: Vec<_> = said.keys().filter(|function| !there.contains_key(*function)).collect();
    assert!(strangers.is_empty(), "there is no {strangers:?}");
}

/// The command lines in blocks of kind `sh`, each on one line.
fn commands(document: &str) -> Vec<Vec<String>> {
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
            blocks.extend(inside.then(String::new));
        } else if inside {
            blocks.last_mut().unwrap().push_str(&format!("{line}\n"));
        }
    }
    let split = |block: String| shlex::split(&block.replace("\\\n", " ")).expect("a command of a shell");
    blocks.into_iter().map(split).collect()
}

#[test]
fn every_function_has_an_example_whose_names_exist() {
    let there = there_are();
    let mut without: Vec<_> = there.keys().collect();
    for words in commands(&document("plugins.md")) {
        assert_eq!(words[..2], ["xe", "host-call-plugin"], "{words:?}");
        let word = |start: &str| words.iter().find_map(|word| word.strip_prefix(start)).unwrap_or_default();
        let plugin = word("plugin=").trim_end_matches(".py");
        let function = (plugin.to_owned(), word("fn=").to_owned());
        let parameters = there.get(&function).unwrap_or_else(|| panic!("there is no {function:?}"));
        let given: Vec<String> = match word("args:json=") {
            "" => words
                .iter()
                .filter_map(|word| word.strip_prefix("args:")?.split_once('='))
                .map(|p| p.0.into())
                .collect(),
            json => serde_json::from_str::<BTreeMap<String, Value>>(json).unwrap().into_keys().collect(),
        };
        for name in &given {
            assert!(parameters.iter().any(|(known, _)| known == name), "{function:?} takes no {name}");
        }
        for (name, _) in parameters.iter().filter(|(_, required)| *required) {
            assert!(given.contains(name), "the example of {function:?} lacks {name}");
        }
        without.retain(|other| **other != function);
    }
    assert!(without.is_empty(), "without an example: {without:?}");
}
