//! The example of a configuration file: every setting with its default, made from the table.

use std::fmt::Write as _;

use super::key::{ALL, Key, Kind};

/// A configuration file that sets nothing, and shows what can be set: every line is a comment.
#[must_use]
pub fn sample() -> String {
    let mut text = "# Settings of vhd-porter, as they are where nobody sets them. What is set here counts for vhd-porter and for the\n\
        # plugins; VHD_PORTER_… in the environment comes before it, options of the command line before that.\n"
        .to_owned();
    let mut sections: Vec<&str> = Vec::new();
    for section in ALL.iter().map(|key| split(key).0) {
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    // What is above all sections would be part of one anywhere else.
    sections.sort_by_key(|section| !section.is_empty());
    for section in sections {
        text.push('\n');
        if !section.is_empty() {
            let _ = writeln!(text, "# [{section}]");
        }
        for key in ALL.iter().filter(|key| split(key).0 == section) {
            let _ = writeln!(text, "# {}\n# {} = {}", key.about, split(key).1, value(key));
        }
    }
    text
}

/// Section and name.
fn split(key: &Key) -> (&'static str, &'static str) {
    key.name.split_once('.').unwrap_or(("", key.name))
}

/// The default as TOML has it.
fn value(key: &Key) -> String {
    match key.kind {
        Kind::Seconds | Kind::Number | Kind::Flag => key.default.to_owned(),
        Kind::Text | Kind::Secret | Kind::Path | Kind::Command => format!("{:?}", key.default),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::file;
    use super::*;

    #[test]
    fn every_setting_of_the_sample_can_be_set_as_it_stands() {
        let is_setting = |line: &&str| line.starts_with("# [") || line.contains(" = ");
        let text: Vec<&str> =
            sample().leak().lines().filter(is_setting).map(|line| &line["# ".len()..]).collect();
        let read = file::read(Path::new("sample"), &text.join("\n")).unwrap();
        assert_eq!(read.len(), ALL.len());
        assert!(read.iter().all(|line| line.text == line.key.default));
    }
}
