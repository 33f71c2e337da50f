//! Why the configuration cannot be used.

use std::io;
use std::path::PathBuf;

/// What is wrong, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("reading {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// There is no such setting.
    #[error("{}, line {line}: unknown setting {name}{}", path.display(), did_you_mean(*.nearest))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The name as it stands there.
        name: String,
        /// The setting whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// A setting holds what it cannot.
    #[error("{place}: {name}: expected {expected}, found {found}")]
    Value {
        /// File and line, or the environment variable.
        place: String,
        /// The setting.
        name: &'static str,
        /// What it may hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
}

fn did_you_mean(nearest: Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}
