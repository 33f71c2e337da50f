//! The examples in the documents are run, and print what they are shown to print.
//!
//! In a block of kind `console`, a line after `$ ` is a command; what follows is its standard output. `[..]` stands for
//! anything in a line, a line of `...` for any number of lines. All blocks of a document run in one new directory, which
//! has `fixtures` in it.
#![allow(clippy::disallowed_methods, reason = "tests start the programs that users start")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The README, and every document for whoever operates the program.
fn documents(root: &Path) -> Vec<PathBuf> {
    let guide = std::fs::read_dir(root.join("docs/guide")).into_iter().flatten();
    let mut documents: Vec<PathBuf> =
        guide.map(|entry| entry.expect("a directory can be listed").path()).collect();
    documents.extend([root.join("README.md"), root.join("docs/operations.md")]);
    documents.sort();
    documents
}

struct Example {
    command: String,
    output: Vec<String>,
}

fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            examples.push(Example { command: command.to_owned(), output: Vec::new() });
        } else if let Some(example) = examples.last_mut().filter(|_| inside) {
            example.output.push(line.to_owned());
        }
    }
    examples
}

fn line_fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.split("[..]");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        let found = if index + 1 == parts.len() {
            rest.ends_with(part).then(|| rest.len() - part.len())
        } else {
            rest.find(part)
        };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

fn fits(shown: &[String], lines: &[&str]) -> bool {
    match (shown.split_first(), lines.split_first()) {
        (None, None) => true,
        (Some((dots, after)), _) if dots == "..." => (0..=lines.len()).any(|n| fits(after, &lines[n..])),
        (Some((first, after)), Some((line, rest))) => line_fits(first, line) && fits(after, rest),
        _ => false,
    }
}

#[test]
fn the_examples_in_the_documents_are_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs = Path::new(env!("CARGO_BIN_EXE_vhd-porter")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let mut count = 0;
    for document in documents(root) {
        let place = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(root.join("fixtures"), place.path().join("fixtures")).unwrap();
        for example in examples(&std::fs::read_to_string(&document).unwrap()) {
            let mut shell = Command::new("sh");
            shell.args(["-c", &example.command]).current_dir(place.path()).env("PATH", &path);
            // Our own vhd-util is not the host's.
            shell
                .env("VHD_PORTER_VHD_UTIL", "/nonexistent/vhd-util")
                .env("VHD_PORTER_STATE", "/dev/null/none");
            let output = shell.output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                fits(&example.output, &lines),
                "{}: $ {}\nexpected:\n{}\nfound:\n{text}{told}",
                document.display(),
                example.command,
                example.output.join("\n")
            );
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} examples were found");
}

#[test]
fn wildcards_stand_for_anything() {
    assert!(line_fits("a [..] c", "a b c") && line_fits("[..]", "") && line_fits("x", "x"));
    assert!(!line_fits("a [..] c", "a b d") && !line_fits("x", "xy"));
    let shown = ["a", "...", "b"].map(str::to_owned);
    assert!(fits(&shown, &["a", "b"]) && fits(&shown, &["a", "x", "y", "b"]) && !fits(&shown, &["a", "x"]));
}
