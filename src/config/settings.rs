//! [`Settings`]: what is in force, and where each value comes from.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::Error;
use super::file;
use super::key::{self, ALL, Key, Kind};
use crate::wire::{Secret, scrub};

/// Where the file is, unless `VHD_PORTER_CONFIG` names another.
const FILE: &str = "/etc/vhd-porter/config.toml";
/// The environment variable that names the file. One that is named must be there.
const FILE_VARIABLE: &str = "VHD_PORTER_CONFIG";

/// Who set a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody.
    Default,
    /// The file, in a line.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// An option of the command line, or an argument of a call.
    Option,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}, line {line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Option => f.write_str("option"),
        }
    }
}

/// The settings in force. Each value fits its kind: that is checked when it is set.
#[derive(Clone)]
pub struct Settings {
    values: Vec<(&'static Key, String, Origin)>,
    file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        let values = ALL.iter().map(|key| (*key, key.default.to_owned(), Origin::Default)).collect();
        Self { values, file: None }
    }
}

impl fmt::Debug for Settings {
    /// What was set, without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self.values.iter().filter(|(_, _, origin)| *origin != Origin::Default);
        f.debug_map().entries(set.map(|(key, _, origin)| (key.name, origin))).finish()
    }
}

impl Settings {
    /// The settings of this host: the file's, where there is one, and the environment's. The file is `/etc/vhd-porter/config.toml`,
    /// unless `VHD_PORTER_CONFIG` names another.
    ///
    /// # Errors
    /// The file cannot be read, holds what is no setting, or a value does not fit.
    pub fn load() -> Result<Self, Error> {
        Self::load_from(None)
    }

    /// The same, of a file that somebody names, if it is one.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_from(file: Option<&Path>) -> Result<Self, Error> {
        let (settings, wrong) = Self::diagnose(file);
        wrong.into_iter().next().map_or(Ok(settings), Err)
    }

    /// The same, as far as it fits, and everything that does not.
    #[must_use]
    pub fn diagnose(file: Option<&Path>) -> (Self, Vec<Error>) {
        let (mut settings, mut wrong) = match Self::examine(file) {
            Ok(examined) => examined,
            Err(error) => (Self::default(), vec![error]),
        };
        wrong.extend(settings.read_environment(|name| std::env::var(name).ok()));
        (settings, wrong)
    }

    /// The settings of the file alone, and everything that is wrong with it.
    ///
    /// # Errors
    /// It cannot be read, or is not TOML.
    pub fn examine(file: Option<&Path>) -> Result<(Self, Vec<Error>), Error> {
        let named = file.map(Path::to_owned).or_else(|| std::env::var_os(FILE_VARIABLE).map(PathBuf::from));
        let path = named.as_deref().unwrap_or(Path::new(FILE));
        let mut settings = Self::default();
        let wrong = match std::fs::read_to_string(path) {
            Ok(content) => settings.read_file(path, &content)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Vec::new(),
            Err(source) => return Err(Error::Unreadable { path: path.to_owned(), source }),
        };
        Ok((settings, wrong))
    }

    /// Takes over what fits, and returns what does not.
    fn read_file(&mut self, path: &Path, content: &str) -> Result<Vec<Error>, Error> {
        let mut set = |line: Result<file::Line, Error>| {
            let line = line?;
            self.set(line.key, line.text, Origin::File(path.to_owned(), line.number))
        };
        let wrong = file::read(path, content)?.into_iter().filter_map(|line| set(line).err()).collect();
        self.file = Some(path.to_owned());
        Ok(wrong)
    }

    /// Takes over what fits, and returns what does not.
    fn read_environment(&mut self, variable: impl Fn(&str) -> Option<String>) -> Vec<Error> {
        let mut set = |key: &'static Key| {
            let name = key.variable();
            variable(&name).map_or(Ok(()), |text| self.set(key, text, Origin::Environment(name)))
        };
        ALL.iter().filter_map(|key| set(key).err()).collect()
    }

    /// Sets `key`; an empty text sets it to nothing.
    ///
    /// # Errors
    /// The text does not fit the kind of the setting.
    pub fn set(&mut self, key: &'static Key, text: impl Into<String>, origin: Origin) -> Result<(), Error> {
        let text = text.into();
        let fits = match key.kind {
            Kind::Seconds => text.parse::<u64>().is_ok_and(|seconds| seconds > 0),
            Kind::Number => text.parse::<u64>().is_ok(),
            Kind::Percent => text.parse::<u64>().is_ok_and(|percent| percent <= 100),
            Kind::Flag => text.parse::<bool>().is_ok(),
            Kind::Command if text.is_empty() => key.default.is_empty(),
            Kind::Command => shlex::split(&text).is_some_and(|words| !words.is_empty()),
            Kind::Text | Kind::Path | Kind::Secret => true,
        };
        if !fits {
            let (place, found) = (origin.to_string(), format!("{text:?}"));
            return Err(Error::Value { place, name: key.name, expected: key.kind.expected(), found });
        }
        if key.kind == Kind::Secret {
            drop(Secret::new(text.as_str()));
        }
        self.values.retain(|(other, ..)| *other != key);
        self.values.push((key, text, origin));
        Ok(())
    }

    /// The file that was read, where there was one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Who set `key`.
    #[must_use]
    pub fn origin(&self, key: &Key) -> &Origin {
        self.values.iter().find(|(other, ..)| *other == key).map_or(&Origin::Default, |(_, _, origin)| origin)
    }

    /// A text; empty if it is not set.
    #[must_use]
    pub fn text(&self, key: &Key) -> &str {
        self.values.iter().find(|(other, ..)| *other == key).map_or("", |(_, text, _)| text)
    }

    /// What may be shown of its text: all, but of a secret nothing.
    #[must_use]
    pub fn shown(&self, key: &Key) -> &str {
        match self.text(key) {
            secret if key.kind == Kind::Secret && !secret.is_empty() => scrub::MASK,
            text => text,
        }
    }

    /// A text, if it is set.
    #[must_use]
    pub fn optional_text(&self, key: &Key) -> Option<&str> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    /// A text that is never shown, if it is set.
    #[must_use]
    pub fn secret(&self, key: &Key) -> Option<Secret> {
        self.optional_text(key).map(Secret::new)
    }

    /// A file or directory; the empty path if it is not set.
    #[must_use]
    pub fn path(&self, key: &Key) -> PathBuf {
        PathBuf::from(self.text(key))
    }

    /// A program and its first arguments.
    #[must_use]
    pub fn command(&self, key: &Key) -> Vec<String> {
        shlex::split(self.text(key)).unwrap_or_default()
    }

    /// A span of time.
    #[must_use]
    pub fn seconds(&self, key: &Key) -> Duration {
        Duration::from_secs(self.number(key))
    }

    /// A number.
    #[must_use]
    pub fn number(&self, key: &Key) -> u64 {
        self.text(key).parse().unwrap_or_default()
    }

    /// A switch.
    #[must_use]
    pub fn flag(&self, key: &Key) -> bool {
        self.text(key) == "true"
    }
}

/// Those of `variables` that look like ours and set nothing, with the name that was probably meant.
pub fn misspelt(variables: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let of = |key: &Key| key.variable().split_off(key::VARIABLES.len());
    let meant = |name: &str| {
        let rest = name.strip_prefix(key::VARIABLES)?;
        let known = name == FILE_VARIABLE || ALL.iter().any(|key| key.variable() == name);
        if known { None } else { key::nearest(rest, of).map(Key::variable) }
    };
    variables.filter_map(|name| meant(&name).map(|meant| (name, meant))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_layers_win() {
        let mut settings = Settings::default();
        assert_eq!(settings.seconds(key::HTTP_IDLE_TIMEOUT), Duration::from_secs(90));
        let content = "[http]\nidle_timeout = 5\nproxy = 'http://p'\n";
        assert!(settings.read_file(Path::new("/c"), content).unwrap().is_empty());
        let environment = |name: &str| (name == "VHD_PORTER_HTTP_IDLE_TIMEOUT").then(|| "7".to_owned());
        assert!(settings.read_environment(environment).is_empty());
        assert_eq!(settings.seconds(key::HTTP_IDLE_TIMEOUT), Duration::from_secs(7));
        assert_eq!(settings.origin(key::HTTP_IDLE_TIMEOUT).to_string(), "VHD_PORTER_HTTP_IDLE_TIMEOUT");
        assert_eq!(settings.origin(key::HTTP_PROXY).to_string(), "/c, line 3");
        assert_eq!(settings.optional_text(key::HTTP_PROXY), Some("http://p"));
        assert!(!settings.flag(key::HTTP_INSECURE));
    }

    #[test]
    fn defaults_fit_their_kinds() {
        for key in key::ALL.iter().filter(|key| !key.default.is_empty()) {
            Settings::default().set(key, key.default, Origin::Default).unwrap();
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (key, text, message) in [
            (
                key::HTTP_IDLE_TIMEOUT,
                "0",
                "option: http.idle_timeout: expected whole seconds, at least 1, found \"0\"",
            ),
            (key::HTTP_INSECURE, "yes", "option: http.insecure: expected true or false, found \"yes\""),
            (
                key::GLANCE_API_VERSION,
                "v2",
                "option: glance.api_version: expected a whole number, found \"v2\"",
            ),
            (
                key::SR_RESERVE,
                "101",
                "option: sr.reserve: expected a whole number from 0 to 100, found \"101\"",
            ),
            (key::VHD_UTIL, "'", "option: vhd_util: expected a program, quoted as in a shell, found \"'\""),
        ] {
            let error = Settings::default().set(key, text, Origin::Option).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_file_is_found_and_the_rest_counts() {
        let mut settings = Settings::default();
        let content = "thread = 1\nthreads = 2\n[http]\nretries = -1\nidle_timeout = 0\n";
        let wrong = settings.read_file(Path::new("/c"), content).unwrap();
        let places: Vec<String> = wrong.iter().map(|error| error.to_string()[..10].to_owned()).collect();
        assert_eq!(places, ["/c, line 1", "/c, line 4", "/c, line 5"]);
        assert_eq!((settings.number(key::THREADS), settings.file()), (2, Some(Path::new("/c"))));
    }

    #[test]
    fn variables_that_set_nothing_are_told_from_those_of_others() {
        let names =
            ["VHD_PORTER_HTTP_RETRYS", "VHD_PORTER_CONFIG", "VHD_PORTER_THREADS", "VHD_PORTER_TEST_CACHE"];
        let found = misspelt(names.map(str::to_owned).into_iter());
        assert_eq!(found, [("VHD_PORTER_HTTP_RETRYS".to_owned(), "VHD_PORTER_HTTP_RETRIES".to_owned())]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut settings = Settings::default();
        settings.set(key::GLANCE_TOKEN, "a-token-of-tests", Origin::Option).unwrap();
        assert!(!format!("{settings:?}").contains("a-token"));
        assert_eq!(settings.secret(key::GLANCE_TOKEN).unwrap().expose(), "a-token-of-tests");
        assert_eq!(crate::wire::scrub::scrub("a-token-of-tests"), "***");
    }
}
