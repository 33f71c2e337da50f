//! Man pages and completions, as what they are for reads them.

use std::path::Path;
use std::process::Command;

use crate::support::{have, skipped};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");

/// What `program` prints, where there is one; it may not fail.
#[track_caller]
fn said(program: &str, args: &[&str]) -> Option<String> {
    let Some(found) = have(program) else {
        skipped(&format!("what {program} makes of the papers"), "it is not installed");
        return None;
    };
    let output = Command::new(found).args(args).output().unwrap();
    assert!(output.status.success(), "{program}: {}", crate::tree::told(&output));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A script that completes `vhd-porter im` and `vhd-porter import --sr`, in `bash`.
const BASH: &str = r#"source "$0"; function=$(complete -p vhd-porter | sed "s/.*-F \\([^ ]*\\).*/\\1/")
for line in "vhd-porter im" "vhd-porter import --sr"; do
    COMP_WORDS=($line); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    "$function" vhd-porter "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    echo "${COMPREPLY[@]}"
done"#;

#[test]
fn shells_complete_commands_and_options() {
    let bash = said("bash", &["-c", BASH, &format!("{DOCS}/completions/vhd-porter.bash")]);
    if let Some(text) = bash {
        assert_eq!(text, "import\n--sr --sr-uuid\n");
    }
    let source = format!("source {DOCS}/completions/vhd-porter.fish");
    let fish = format!("{source}; complete -C 'vhd-porter im'; complete -C 'vhd-porter import --sr'");
    if let Some(text) = said("fish", &["--no-config", "-c", &fish]) {
        let words: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(words, ["import", "--sr", "--sr-uuid"]);
    }
    said("zsh", &["-n", &format!("{DOCS}/completions/_vhd-porter")]);
}

#[test]
fn pages_are_sound() {
    for entry in std::fs::read_dir(Path::new(DOCS).join("man")).unwrap() {
        let page = entry.unwrap().path();
        let page = page.to_str().unwrap();
        // Errors only: what it has to say of style is said of the generator.
        let Some(lint) = said("mandoc", &["-Tlint", "-Werror", page]) else { return };
        assert_eq!(lint, "", "{page}");
        let text = without_overstrikes(&said("mandoc", &["-Tutf8", page]).unwrap());
        for part in ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "FILES", "SEE ALSO"] {
            assert!(text.contains(&format!("\n{part}\n")), "{page}: no {part} in {text}");
        }
    }
}

/// Text that was printed twice in one place to make it bold, once.
fn without_overstrikes(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        if letter == '\u{8}' {
            plain.pop();
        } else {
            plain.push(letter);
        }
    }
    plain
}
