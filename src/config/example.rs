//! A complete configuration file, made from the table of settings: it cannot say less than there is.

use std::fmt::Write as _;

use super::key::{ALL, Key};

const HEAD: &str = "\
# Settings of vhd-porter, with their defaults: /etc/vhd-porter/config.toml.
#
# Take the # in front of a line away to set something. The environment variable that is named with
# it goes before this file, and an option of the command line before both. What is no setting is
# refused: `vhd-porter config check` says where, `vhd-porter config show --origin` what is in force.
";

/// Every setting with its meaning, kind, variable and default, commented out. Lines of settings begin with `#` and no
/// blank; without that, the file sets every setting to its default.
#[must_use]
pub fn example() -> String {
    let mut text = HEAD.to_owned();
    let mut sections: Vec<Option<&str>> = vec![None];
    sections.extend(ALL.iter().map(|key| key.place().0).filter(Option::is_some));
    let mut done: Vec<Option<&str>> = Vec::new();
    for section in sections {
        if done.contains(&section) {
            continue;
        }
        done.push(section);
        if let Some(name) = section {
            let _ = write!(text, "\n[{name}]\n");
        }
        for key in ALL.iter().filter(|key| key.place().0 == section) {
            text += &described(key);
        }
    }
    text
}

fn described(key: &Key) -> String {
    let Key { about, kind, default, .. } = key;
    let (variable, name) = (key.variable(), key.place().1);
    format!("\n# {about} ({}; {variable})\n#{name} = {}\n", kind.expected(), kind.toml(default))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, Settings};

    #[test]
    fn uncommented_it_sets_everything_to_its_default() {
        let set = |line: &str| match line.strip_prefix('#') {
            Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{setting}\n"),
            _ => format!("{line}\n"),
        };
        let content: String = example().lines().map(set).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &content).unwrap();
        let (settings, wrong) = Settings::examine(Some(file.path())).unwrap();
        assert!(wrong.is_empty(), "{wrong:?}");
        for key in ALL {
            assert!(matches!(settings.origin(key), Origin::File(..)), "{} is not in it", key.name);
            assert_eq!(settings.text(key), key.default);
        }
    }

    #[test]
    fn as_it_is_it_sets_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), example()).unwrap();
        let (settings, wrong) = Settings::examine(Some(file.path())).unwrap();
        assert!(wrong.is_empty() && ALL.iter().all(|key| *settings.origin(key) == Origin::Default));
    }
}
