//! The configuration file: TOML, of which nothing is overlooked.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Error;
use super::key::{ALL, Key, nearest};

/// A setting in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) key: &'static Key,
    pub(super) text: String,
    /// The line, from 1.
    pub(super) number: usize,
}

/// Reads the settings in `content`, which is that of `path`, in the order of their lines; what is none, is an error in its
/// place.
///
/// # Errors
/// It is not TOML: then nothing of it counts.
pub(super) fn read(path: &Path, content: &str) -> Result<Vec<Result<Line, Error>>, Error> {
    let line_of = |offset: usize| 1 + content[..offset.min(content.len())].matches('\n').count();
    let document = DeTable::parse(content).map_err(|error| Error::Syntax {
        path: path.to_owned(),
        line: line_of(error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    let mut lines = Vec::new();
    for (name, value) in document.get_ref() {
        let (name, number) = (name.get_ref(), line_of(name.span().start));
        match value.get_ref() {
            DeValue::Table(section) if is_section(name) || !section.is_empty() => {
                for (inner, value) in section {
                    let number = line_of(inner.span().start);
                    lines
                        .push((number, setting(path, &format!("{name}.{}", inner.get_ref()), number, value)));
                }
            }
            _ => lines.push((number, setting(path, name, number, value))),
        }
    }
    lines.sort_by_key(|(number, _)| *number);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

fn is_section(name: &str) -> bool {
    ALL.iter().any(|key| key.place().0 == Some(name))
}

fn setting(path: &Path, name: &str, number: usize, value: &Spanned<DeValue<'_>>) -> Result<Line, Error> {
    let Some(key) = ALL.iter().find(|key| key.name == name) else {
        let nearest = nearest(name, |key| key.name).map(|key| key.name);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(content: &str) -> Result<Vec<(&'static str, String, usize)>, String> {
        let lines = read(Path::new("c.toml"), content).and_then(|lines| lines.into_iter().collect());
        let lines: Vec<Line> = lines.map_err(|error| error.to_string())?;
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
            ("[htp]", "c.toml, line 1: unknown setting htp; did you mean http.proxy?"),
            ("http = 5", "c.toml, line 1: unknown setting http; did you mean http.proxy?"),
            ("[http.more]\nq = 1", "c.toml, line 1: unknown setting http.more; did you mean http.retries?"),
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
