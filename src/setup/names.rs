//! Names that an installation needs beside a name of its own. All begin with a dot: no shell, pager or `ls`
//! shows them by itself.

use std::path::Path;

use super::error::Error;
use crate::os::Dir;

/// The name under which what becomes `name` is written.
pub(super) fn fresh(name: &str) -> String {
    format!(".{name}.vhd-porter-new")
}

/// The name of the backup of `name` in `dir` that nothing has yet.
pub(super) fn free_backup(dir: &Dir, name: &str) -> Result<String, Error> {
    let first = backup(name);
    let mut free = first.clone();
    let mut number = 0;
    while dir.stat(&free)?.is_some() {
        number += 1;
        free = format!("{first}.{number}");
    }
    Ok(free)
}

/// All backups of `name` in `dir`.
pub(super) fn backups(dir: &Dir, name: &str) -> Result<Vec<String>, Error> {
    let first = backup(name);
    let numbered = format!("{first}.");
    let names = dir.names()?.into_iter().filter_map(|name| name.into_string().ok());
    Ok(names.filter(|name| *name == first || name.starts_with(&numbered)).collect())
}

fn backup(name: &str) -> String {
    format!(".{name}.vhd-porter-backup")
}

/// The last part of `path`; what is installed has names in plain letters.
pub(super) fn of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
