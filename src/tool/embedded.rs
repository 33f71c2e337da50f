//! The embedded engine as a tool that takes paths.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::output::CheckVerdict;
use super::{Error, Facts, VhdTool};
use crate::os;
use crate::vhd::{self, Image, ParentLink, SECTOR_SIZE, Scope, VhdTime};

/// The embedded engine.
#[derive(Debug, Default)]
pub struct Embedded {}

impl Embedded {
    /// The engine needs nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}

fn open(path: &Path, writable: bool) -> Result<File, Error> {
    let opened = File::options().read(true).write(writable).open(path);
    Ok(opened.map_err(os::Error::at("opening", path))?)
}

fn engine(path: &Path) -> impl FnOnce(vhd::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Engine { path, source }
}

fn edit(path: &Path) -> Result<Image<File>, Error> {
    Image::open(open(path, true)?).map_err(engine(path))
}

impl VhdTool for Embedded {
    fn set_parent(&self, child: &Path, parent: &Path) -> Result<(), Error> {
        let file = open(parent, false)?;
        let modified =
            file.metadata().and_then(|m| m.modified()).map_err(os::Error::at("examining", parent))?;
        let image = Image::open(&file).map_err(engine(parent))?;
        let link = ParentLink {
            file_name: parent.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            uuid: image.uuid(),
            modified: VhdTime::from_system(modified),
        };
        edit(child)?.set_parent(&link).map_err(engine(child))
    }

    fn set_hidden(&self, image: &Path, hidden: bool) -> Result<(), Error> {
        edit(image)?.set_hidden(hidden).map_err(engine(image))
    }

    fn query(&self, path: &Path) -> Result<Facts, Error> {
        let image = Image::open(open(path, false)?).map_err(engine(path))?;
        let parent = match image.parent_uuid().and(image.header()) {
            Some(header) => {
                let name = vhd::parent_name(header)
                    .map_err(|_| vhd::Error::Refused("unreadable parent name".into()));
                Some(beside(path, &name.map_err(engine(path))?))
            }
            None => None,
        };
        Ok(Facts {
            virtual_mib: image.virtual_size() >> 20,
            physical: image.data_end().map_err(engine(path))? + SECTOR_SIZE,
            parent,
            hidden: image.is_hidden(),
        })
    }

    fn check(&self, path: &Path) -> Result<CheckVerdict, Error> {
        let now = VhdTime::from_system(SystemTime::now());
        let checkup = vhd::check(&open(path, false)?, Scope::Repository, now).map_err(engine(path))?;
        Ok(match checkup.findings.list.first() {
            None => CheckVerdict::Valid,
            Some(finding) => CheckVerdict::Invalid(finding.to_string()),
        })
    }
}

fn beside(path: &Path, name: &str) -> PathBuf {
    path.with_file_name(name)
}
