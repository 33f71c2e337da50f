//! The configuration file: TOML, of which nothing is overlooked.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Error;
use super::key::{ALL, Key};

/// A setting in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) key: &'static Key,
    pub(super) text: String,
    /// The line, from 1.
    pub(super) number: usize,
}

/// Reads the settings in `content`, which is that of `path`.
pub(super) fn read(path: &Path, content: &str) -> Result<Vec<Line>, Error> {
    let line_of = |offset: usize| 1 + content[..offset.min(content.len())].matches('\n').count();
    let document = DeTable::parse(content).map_err(|error| Error::Syntax {
        path: path.to_owned(),
        line: line_of(error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    let mut lines = Vec::new();
    for (name, value) in document.get_ref() {
        match value.get_ref() {
            DeValue::Table(section) => {
                for (inner, value) in section {
                    let full = format!("{}.{}", name.get_ref(), inner.get_ref());
                    lines.push(setting(path, &full, line_of(inner.span().start), value)?);
                }
            }
            _ => lines.push(setting(path, name.get_ref(), line_of(name.span().start), value)?),
        }
    }
    lines.sort_by_key(|line| line.number);
    Ok(lines)
}

fn setting(path: &Path, name: &str, number: usize, value: &Spanned<DeValue<'_>>) -> Result<Line, Error> {
    let Some(key) = ALL.iter().find(|key| key.name == name) else {
        let nearest = nearest(name);
        return Err(Error::Unknown { path: path.to_owned(), line: number, name: name.to_owned(), nearest });
    };
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        other => {
            return Err(Error::Value {
                place: format!("{}, line {number}", path.display()),
                name: key.name,
                expected: "a text, a whole number, true or false",
                found: format!("a TOML {}", other.type_str()),
            });
        }
    };
    Ok(Line { key, text, number })
}

/// The setting whose name is most like `name`, if one is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |key: &Key| {
        let last = key.name.rsplit('.').next().unwrap_or(key.name);
        strsim::jaro_winkler(name, key.name).max(strsim::jaro_winkler(name, last))
    };
    let best = ALL.iter().map(|key| (likeness(key), key.name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(content: &str) -> Result<Vec<(&'static str, String, usize)>, String> {
        let lines = read(Path::new("c.toml"), content).map_err(|error| error.to_string())?;
        Ok(lines.into_iter().map(|line| (line.key.name, line.text, line.number)).collect())
    }

    #[test]
    fn sections_are_part_of_the_name() {
        let read = lines("images = '/i'\n\n[http]\nidle_timeout = 5 # s\ninsecure = true\n").unwrap();
        let expected = [
            ("images", "/i".to_owned(), 1),
            ("http.idle_timeout", "5".to_owned(), 4),
            ("http.insecure", "true".to_owned(), 5),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (content, message) in [
            (
                "\n[http]\nidle_timout = 5",
                "c.toml, line 3: unknown setting http.idle_timout; did you mean http.idle_timeout?",
            ),
            (
                "idle_timeout = 5",
                "c.toml, line 1: unknown setting idle_timeout; did you mean http.idle_timeout?",
            ),
            ("[zzz]\nq = 1", "c.toml, line 2: unknown setting zzz.q"),
            (
                "images = [1]",
                "c.toml, line 1: images: expected a text, a whole number, true or false, found a TOML array",
            ),
        ] {
            assert_eq!(lines(content).unwrap_err(), message);
        }
        assert!(lines("images = '/i'\nimages = '/j'").unwrap_err().starts_with("c.toml, line 2: "));
        assert!(lines("a\n=").unwrap_err().starts_with("c.toml, line 1: "));
    }
}
