//! [`Injection`]: files that become part of a bootable image.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::error::Error;
use super::mounted::Mounted;
use super::programs::Programs;
use super::tree::{self, Limits};
use crate::os::{self, Dir, Job};
use crate::sr::{Claim, Policy, Repository, Staging};

/// How an image boots by isolinux: os-xenapi ipxe.py `_create_iso`. `-l` allows names of 31 characters.
const BOOT: [&str; 11] = [
    "-quiet",
    "-l",
    "-c",
    "boot.cat",
    "-b",
    "isolinux.bin",
    "-no-emul-boot",
    "-boot-load-size",
    "4",
    "-boot-info-table",
    "-o",
];
/// The new image, in staging.
const NEW: &str = "new.iso";

/// Which files go into which image.
#[derive(Debug, Clone)]
pub struct Injection<'a> {
    /// The directory that the image is in.
    pub directory: &'a Path,
    /// The file name of the image.
    pub image: &'a str,
    /// Names and contents, in the root of the image; what has these names there is left out.
    pub files: &'a [(&'a str, String)],
    /// Who does it.
    pub programs: Programs,
}

impl Injection<'_> {
    /// Puts a new image in the place of the old one, in one step: whoever has the old one open keeps it.
    ///
    /// # Errors
    /// The image is not there or no ISO image, holds what no boot image does, or a program failed. It is as it was
    /// then.
    pub fn run(&self) -> Result<(), Error> {
        let images = Repository::open_writable(self.directory, Policy::default())?;
        let old = images.dir().open_file(self.image, false)?;
        let staging = Staging::create(&images, &Claim::default())?;
        let tree = self.unbundle(&images, staging.dir())?;
        for (name, content) in self.files {
            let written = tree.create(name)?.write_all(content.as_bytes());
            written.map_err(os::Error::at("writing", tree.join(name)))?;
        }
        self.bundle(&tree, staging.dir(), &old)?;
        let replaced = os::replace(staging.dir(), NEW, images.dir(), self.image);
        replaced.map_err(os::Error::at("replacing", images.dir().join(self.image)))?;
        images.dir().sync()?;
        if let Err(error) = staging.remove() {
            tracing::warn!(%error, "the image is rewritten, but its staging area is left");
        }
        Ok(())
    }

    /// The files of the old image, but for those that are replaced.
    fn unbundle(&self, images: &Repository, staging: &Dir) -> Result<Dir, Error> {
        let (point, tree) = (staging.create_dir("mounted")?.path().to_owned(), staging.create_dir("tree")?);
        let mounted = Mounted::mount(&images.dir().join(self.image), &point, &self.programs)?;
        let replaced: Vec<&str> = self.files.iter().map(|(name, _)| *name).collect();
        tree::copy(&Dir::open(&point)?, &tree, &replaced, Limits::default())?;
        mounted.unmount()?;
        Ok(tree)
    }

    /// Makes the new image, durable and with the owner and mode of the old one.
    fn bundle(&self, tree: &Dir, staging: &Dir, old: &File) -> Result<(), Error> {
        let path = staging.join(NEW);
        let job = Job::of(self.programs.mkisofs.clone()).args(BOOT).args([path.as_path(), tree.path()]);
        self.programs.run(&job)?;
        let new = staging.open_file(NEW, true)?;
        let finish = || {
            let metadata = old.metadata()?;
            std::os::unix::fs::fchown(&new, Some(metadata.uid()), Some(metadata.gid()))?;
            new.set_permissions(metadata.permissions())?;
            new.sync_all()
        };
        Ok(finish().map_err(os::Error::at("finishing", &path))?)
    }
}
