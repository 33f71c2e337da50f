//! What a transfer is about.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::log::{cut, presentable};

/// Most bytes of a place that are kept.
const LONGEST: usize = 400;
/// Most VDIs that are kept: an SR has no longer chains.
const VDIS: usize = 30;

/// What is transferred. Its texts are presentable, and bounded.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    pub(super) what: String,
    pub(super) source: Option<String>,
    pub(super) target: Option<String>,
    pub(super) sr: Option<String>,
    pub(super) vdis: Vec<Uuid>,
}

impl Subject {
    /// `what` is `plugin.function`, or the command.
    #[must_use]
    pub fn new(what: &str) -> Self {
        Self { what: kept(what), ..Self::default() }
    }

    /// What is read, unless it is VDIs of the SR.
    #[must_use]
    pub fn source(self, source: impl AsRef<str>) -> Self {
        Self { source: Some(kept(source.as_ref())), ..self }
    }

    /// The file or directory that is read.
    #[must_use]
    pub fn source_path(self, path: &Path) -> Self {
        self.source(absolute(path))
    }

    /// The files that are read: the first, and how many more.
    #[must_use]
    pub fn source_paths(self, paths: &[PathBuf]) -> Self {
        match paths {
            [] => self,
            [path] => self.source_path(path),
            [path, more @ ..] => self.source(format!("{} and {} more", absolute(path), more.len())),
        }
    }

    /// What is written, unless it is VDIs of the SR.
    #[must_use]
    pub fn target(self, target: impl AsRef<str>) -> Self {
        Self { target: Some(kept(target.as_ref())), ..self }
    }

    /// The file that is written.
    #[must_use]
    pub fn target_path(self, path: &Path) -> Self {
        self.target(absolute(path))
    }

    /// The directory of the SR.
    #[must_use]
    pub fn sr(self, sr: &Path) -> Self {
        Self { sr: Some(kept(&absolute(sr))), ..self }
    }

    /// The VDIs, leaf first, as far as they are known.
    #[must_use]
    pub fn vdis(self, vdis: &[Uuid]) -> Self {
        Self { vdis: vdis.iter().copied().take(VDIS).collect(), ..self }
    }
}

/// A path by which it is found from everywhere.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn kept(text: &str) -> String {
    cut(presentable(text).replace(['\n', '\t'], " "), LONGEST)
}
