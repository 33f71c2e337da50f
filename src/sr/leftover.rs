//! What the Python plugins left when they died: they keep no record of who works where.

use serde::Serialize;

use super::error::Error;
use super::repository::Repository;
use crate::os;

/// A directory that looks like one left by the Python plugins, which named them `tmp` and six or eight characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// Its name in the SR.
    pub directory: String,
    /// The names of the files in it.
    pub files: Vec<String>,
    /// What they occupy, bytes.
    pub occupied_size: u64,
}

/// Lists such directories in `sr`, and removes them if told to: whether somebody works in one cannot be told.
///
/// # Errors
/// The system refused.
pub fn leftovers(sr: &Repository, remove: bool) -> Result<Vec<Leftover>, Error> {
    let mut found = Vec::new();
    for name in sr.dir().names()? {
        let Some(name) = name.to_str().filter(|name| is_mkdtemp(name)) else { continue };
        let path = sr.dir().join(name);
        if !std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            continue;
        }
        let looked = sr.dir().open_dir(name).and_then(|dir| Ok((dir.names()?, os::occupied_in(&dir))));
        let (files, occupied_size) = match looked {
            Ok((files, occupied)) => {
                (files.iter().map(|name| name.to_string_lossy().into_owned()).collect(), occupied)
            }
            Err(error) if remove => return Err(error.into()),
            // It has just gone, or is not for us to look into.
            Err(_) => (Vec::new(), 0),
        };
        if remove {
            std::fs::remove_dir_all(&path).map_err(os::Error::at("removing", &path))?;
        }
        found.push(Leftover { directory: name.to_owned(), files, occupied_size });
    }
    Ok(found)
}

/// Whether Python's `tempfile.mkdtemp` makes such names: six characters up to Python 3.2, eight since.
fn is_mkdtemp(name: &str) -> bool {
    let random = |rest: &str| {
        matches!(rest.len(), 6 | 8) && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    name.strip_prefix("tmp").is_some_and(random)
}

#[cfg(test)]
mod tests {
    use super::is_mkdtemp;

    #[test]
    fn names_of_mkdtemp() {
        for (name, is) in [
            ("tmpAb3_xY", true),
            ("tmp6k1dg1kq", true),
            ("tmp", false),
            ("tmpfiles", false),
            ("tmp.a1b2c", false),
            ("atmpAb3_xY", false),
        ] {
            assert_eq!(is_mkdtemp(name), is, "{name}");
        }
    }
}
