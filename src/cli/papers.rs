//! What goes along with the program: man pages, completions, the example configuration. All are made from what
//! the program knows of itself, so none needs a file beside it.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::args::Cli;
use super::pages;
use crate::config;

/// A text that goes along with the program.
#[derive(Debug)]
pub struct Paper {
    /// Its place in this repository, below `docs`.
    pub in_docs: String,
    /// Its place on a host, below `PREFIX/share`.
    pub in_share: String,
    /// What it says.
    pub text: Vec<u8>,
}

/// All of them.
#[must_use]
pub fn papers() -> Vec<Paper> {
    let mut papers: Vec<Paper> = pages::pages().into_iter().map(page).collect();
    papers.extend(
        [
            (Shell::Bash, "vhd-porter.bash", "bash-completion/completions/vhd-porter"),
            (Shell::Zsh, "_vhd-porter", "zsh/site-functions/_vhd-porter"),
            (Shell::Fish, "vhd-porter.fish", "fish/vendor_completions.d/vhd-porter.fish"),
        ]
        .map(completion),
    );
    papers.push(Paper {
        in_docs: "config.example.toml".to_owned(),
        in_share: "doc/vhd-porter/config.example.toml".to_owned(),
        text: config::example().into_bytes(),
    });
    papers
}

fn page((name, text): (String, Vec<u8>)) -> Paper {
    Paper { in_docs: format!("man/{name}"), in_share: format!("man/man1/{name}"), text }
}

fn completion((shell, name, place): (Shell, &str, &str)) -> Paper {
    let mut command = Cli::command();
    let mut text = Vec::new();
    generate(shell, &mut command, "vhd-porter", &mut text);
    Paper { in_docs: format!("completions/{name}"), in_share: place.to_owned(), text }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn those_in_docs_are_those_of_the_program() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let anew = "run cargo run --example papers";
        let papers = papers();
        for paper in &papers {
            let found = std::fs::read(docs.join(&paper.in_docs)).unwrap_or_default();
            assert!(found == paper.text, "{} is not that of the program: {anew}", paper.in_docs);
        }
        let known: BTreeSet<&str> = papers.iter().map(|paper| paper.in_docs.as_str()).collect();
        for folder in ["man", "completions"] {
            for entry in std::fs::read_dir(docs.join(folder)).unwrap() {
                let name = format!("{folder}/{}", entry.unwrap().file_name().display());
                assert!(known.contains(name.as_str()), "{name} is of no command: {anew}");
            }
        }
    }
}
