//! Where a caller may send us: SRs lie where the storage manager mounts them.

use std::path::{Component, Path, PathBuf};

use super::arguments::Arguments;
use super::failure::Failure;
use super::work::settings;
use crate::config::{Settings, key};
use crate::os::Dir;

/// The argument `sr_path`, and the settings in force.
///
/// # Errors
/// It is missing or not below one of the roots; the configuration is broken.
pub fn sr_path(arguments: &Arguments) -> Result<(PathBuf, Settings), Failure> {
    let settings = settings()?;
    let path = PathBuf::from(arguments.text("sr_path")?);
    require_sr_path(&path, &settings)?;
    Ok((path, settings))
}

/// Refuses a path that is not below one of the roots of `sr.roots`: a control plane whose caller chose it would write
/// anywhere.
fn require_sr_path(path: &Path, settings: &Settings) -> Result<(), Failure> {
    let plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let roots = settings.text(key::SR_ROOTS);
    let below = |root: &str| path.strip_prefix(root).is_ok_and(|rest| rest.components().next().is_some());
    if plain && roots.split(':').filter(|root| !root.is_empty()).any(below) {
        return Ok(());
    }
    Err(Failure::argument(format!(
        "sr_path: expected the directory of an SR below {}, found {}; other places are named by sr.roots in the configuration",
        roots.replace(':', " or "),
        path.display()
    )))
}

/// The directory of `file`, which is to be made and must not lie in the SR `sr` itself: it would stay there for good, and by
/// another name could stop the storage manager's scan.
///
/// # Errors
/// It lies there.
pub fn directory_beside_sr(file: &str, sr: &Path) -> Result<PathBuf, Failure> {
    let parent = Path::new(file).parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new(".")).to_owned();
    let identity = |path: &Path| Dir::open(path).and_then(|dir| dir.identity()).ok();
    // One that cannot be looked at is refused when the file is made.
    match (identity(&directory), identity(sr)) {
        (Some(here), Some(there)) if here == there => Err(Failure::argument(format!(
            "file: expected a place outside of the SR {}, found {file}",
            sr.display()
        ))),
        _ => Ok(directory),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_a_root_is_an_sr() {
        let settings = Settings::default();
        for (path, good) in [
            ("/run/sr-mount/5ca3034b", true),
            ("/var/run/sr-mount/5ca3034b/", true),
            ("/run/sr-mount/SMB/h/s/5ca3034b", true),
            ("/run/sr-mount", false),
            ("/run/sr-mount/", false),
            ("/run/sr-mount/../../etc", false),
            ("/run/sr-mount/a/../../..", false),
            ("/run/sr-mounts/x", false),
            ("/", false),
            ("", false),
            ("run/sr-mount/x", false),
        ] {
            assert_eq!(require_sr_path(Path::new(path), &settings).is_ok(), good, "{path}");
        }
    }
}
