//! The files of an export, held for as long as it takes.

use std::fs::File;

use uuid::Uuid;

use super::error::Error;
use crate::os::{self, Dir};
use crate::sr::{Claim, Repository, Staging, vdi_file_name};
use crate::vhd::Image;

/// The files of the VDIs, held under names of our own, so that they stay whatever happens to their first ones. In an SR
/// that is mounted read-only nothing can happen to them, and they are read where they are.
pub(crate) struct Held<'a> {
    sr: &'a Repository,
    pub(crate) vdis: &'a [Uuid],
    staging: Option<Staging>,
}

impl<'a> Held<'a> {
    pub(crate) fn take(sr: &'a Repository, vdis: &'a [Uuid]) -> Result<Self, Error> {
        if os::space(sr.dir())?.read_only {
            return Ok(Self { sr, vdis, staging: None });
        }
        let staging = Staging::create(sr, &Claim::default())?;
        for (index, uuid) in vdis.iter().enumerate() {
            stage(sr, staging.dir(), *uuid, &member_name(index))?;
        }
        Ok(Self { sr, vdis, staging: Some(staging) })
    }

    /// Opens a link's file for reading.
    pub(crate) fn open(&self, index: usize) -> Result<File, Error> {
        match &self.staging {
            Some(staging) => Ok(staging.dir().open_file(&member_name(index), false)?),
            None => Ok(self.sr.open_vdi(self.vdis[index])?),
        }
    }

    /// Opens a link as an image. While it is in use only the copy of its footer is good; else only the copy may be bad.
    pub(crate) fn image(&self, index: usize) -> Result<Image<File>, Error> {
        let by_copy = Image::open_by_copy(self.open(index)?);
        match by_copy {
            Ok(image) => Ok(image),
            Err(_) => Image::open(self.open(index)?).map_err(Error::engine(&self.name(index))),
        }
    }

    /// What users know a link by.
    pub(crate) fn name(&self, index: usize) -> String {
        vdi_file_name(self.vdis[index])
    }

    pub(crate) fn release(self) -> Result<(), Error> {
        Ok(self.staging.map_or(Ok(()), Staging::remove)?)
    }
}

/// Gives a VDI's file a second name in a directory of ours; where the file system has no links, copies it.
pub(crate) fn stage(sr: &Repository, into: &Dir, uuid: Uuid, name: &str) -> Result<(), Error> {
    let file = sr.open_vdi(uuid)?;
    let vdi = vdi_file_name(uuid);
    if let Err(error) = os::link(sr.dir(), &vdi, into, name) {
        tracing::info!(%error, vdi, "no hard link: copying");
        let copy = into.create(name)?;
        os::duplicate(&file, &copy, |_| {}).map_err(os::Error::at("copying", sr.dir().join(&vdi)))?;
    }
    Ok(())
}

/// A link's name in the image, and in staging.
pub(crate) fn member_name(index: usize) -> String {
    format!("{index}.vhd")
}
