//! Which SR is meant: by its directory or by its uuid, and what xapi has to say about that.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::outcome::Failure;
use super::session;
use crate::config::{Settings, key};
use crate::pipeline::parse_uuid;
use crate::xenapi::{Address, Session};

/// The directory of the SR. One that is named by its uuid is looked up with xapi, where there is one: it must keep VHD
/// files, and be plugged here.
pub(super) fn find(sr: Option<&Path>, sr_uuid: Option<Uuid>) -> Result<PathBuf, Failure> {
    match (sr, sr_uuid) {
        (Some(directory), _) => Ok(directory.to_owned()),
        (None, None) => Err(unnamed()),
        (None, Some(uuid)) => {
            let settings = session::settings()?;
            if Address::of(&settings)?.is_there() {
                Session::login(&settings)?.usable_sr(uuid)?;
            }
            Ok(settings.path(key::SR_MOUNTS).join(uuid.to_string()))
        }
    }
}

/// An SR that xapi knows and can scan.
pub(super) struct Known {
    settings: Settings,
    pub(super) uuid: Uuid,
    pub(super) path: PathBuf,
}

impl Known {
    /// The SR, if xapi knows it: to be asked before there is anything to scan for.
    pub(super) fn find(sr: Option<&Path>, sr_uuid: Option<Uuid>) -> Result<Self, Failure> {
        let settings = session::settings()?;
        let mounts = settings.path(key::SR_MOUNTS);
        let (path, uuid) = match (sr, sr_uuid) {
            (Some(directory), _) => (directory.to_owned(), uuid_of(directory, &mounts)?),
            (None, Some(uuid)) => (mounts.join(uuid.to_string()), uuid),
            (None, None) => return Err(unnamed()),
        };
        Session::login(&settings)?.usable_sr(uuid)?;
        Ok(Self { settings, uuid, path })
    }

    /// Has xapi look what is in the SR now. The session is a new one: an import may take longer than a session lasts.
    pub(super) fn scan(&self) -> Result<(), Failure> {
        let session = Session::login(&self.settings)?;
        Ok(session.scan(&session.usable_sr(self.uuid)?)?)
    }
}

/// Parsing sees to it that this does not happen.
fn unnamed() -> Failure {
    Failure::Usage("name a file, or an SR with --sr or --sr-uuid".into())
}

/// The uuid of the SR that is mounted at `directory`, whichever way that is written.
fn uuid_of(directory: &Path, mounts: &Path) -> Result<Uuid, Failure> {
    let same = |other: &Path| match (std::fs::metadata(directory), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    };
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let uuid = parse_uuid(name).ok().filter(|uuid| same(&mounts.join(uuid.to_string())));
    uuid.ok_or_else(|| {
        let (directory, mounts) = (directory.display(), mounts.display());
        Failure::Usage(format!(
            "--scan: {directory} is not an SR that is mounted in {mounts}: name it with --sr-uuid"
        ))
    })
}

impl From<crate::xenapi::Error> for Failure {
    fn from(error: crate::xenapi::Error) -> Self {
        Self::other("xapi", error.full_message())
    }
}
