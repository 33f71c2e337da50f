//! What is to stand where.

use std::path::PathBuf;

/// A name, and what is to stand there.
#[derive(Debug, Clone)]
pub struct Item {
    /// The name, absolute, as the installed system sees it.
    pub path: PathBuf,
    /// What is to stand there.
    pub content: Content,
}

impl Item {
    /// A name and its content.
    pub fn new(path: impl Into<PathBuf>, content: Content) -> Self {
        Self { path: path.into(), content }
    }
}

/// What is to stand at a name.
#[derive(Debug, Clone)]
pub enum Content {
    /// A program: a copy of this file.
    Program(PathBuf),
    /// A program that the host may have as well: then the host's stays, and nothing is installed.
    Guest(PathBuf),
    /// A text for all to read.
    Text(Vec<u8>),
    /// A symlink to this path, which is one of our programs.
    Link(PathBuf),
}

impl Content {
    /// The permissions of the file.
    pub(super) fn mode(&self) -> u32 {
        match self {
            Self::Program(_) | Self::Guest(_) => 0o755,
            Self::Text(_) => 0o644,
            Self::Link(_) => 0o777,
        }
    }
}
