//! [`HostConfig`]: values that the control plane keeps on the host, as a JSON object in a file.

use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::os::Dir;
use crate::wire::{Value, json};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The values, and where they are kept.
#[derive(Debug)]
pub struct HostConfig {
    path: PathBuf,
    entries: Vec<(Value, Value)>,
}

impl HostConfig {
    /// Reads the file; without one there are no values. It has to be a regular file, no symlink.
    ///
    /// # Errors
    /// It cannot be read, is larger than 1 MiB, or holds no JSON object.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let Some(content) = content(path)? else {
            return Ok(Self { path: path.to_owned(), entries: Vec::new() });
        };
        match json::read(&content) {
            Ok(Value::Dict(entries)) => Ok(Self { path: path.to_owned(), entries }),
            Ok(other) => Err(malformed(path, other.type_name())),
            Err(error) => Err(malformed(path, &error.to_string())),
        }
    }

    /// All keys and values.
    #[must_use]
    pub fn entries(&self) -> &[(Value, Value)] {
        &self.entries
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(known, _)| known.as_text() == Some(key)).map(|(_, value)| value)
    }

    /// Sets `key`, or removes it if `value` is none, and puts a new file in the place of the old one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set(&mut self, key: &str, value: Option<Value>) -> Result<(), Error> {
        self.entries.retain(|(known, _)| known.as_text() != Some(key));
        self.entries.extend(value.map(|value| (key.into(), value)));
        let failed = |error: std::io::Error| Error::at("writing", &self.path)(error);
        let mut file = tempfile::NamedTempFile::new_in(parent(&self.path)).map_err(failed)?;
        let content = json::write(&Value::Dict(self.entries.clone()));
        file.write_all(content.as_bytes()).map_err(failed)?;
        file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(Dir::open(parent(&self.path))?.sync()?)
    }
}

fn content(path: &Path) -> Result<Option<String>, Error> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let directory = Dir::open(parent(path))?;
    if directory.stat(name)?.is_none() {
        return Ok(None);
    }
    let mut content = String::new();
    let file = directory.open_file(name, false)?;
    let length = file.take(LARGEST + 1).read_to_string(&mut content).map_err(Error::at("reading", path))?;
    if length as u64 > LARGEST {
        return Err(malformed(path, "more than 1 MiB"));
    }
    Ok(Some(content))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn malformed(path: &Path, found: &str) -> Error {
    Error::Refused(format!("reading {}: expected a JSON object, found {found}", path.display()))
}
