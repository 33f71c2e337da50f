//! Why nothing was installed or uninstalled.

use std::path::PathBuf;

use crate::os;

/// An error of an install or uninstall. All but [`Error::System`] come before anything is changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It takes more privileges.
    #[error(
        "{}: may not be written by this user: run it as root, or stage a tree of your own with --root DIR",
        .0.display()
    )]
    Privileges(PathBuf),
    /// The file system is mounted read-only.
    #[error(
        "{}: the file system is read-only: remount it writable, or name another place with \
         --prefix or --plugin-dir",
        .0.display()
    )]
    ReadOnly(PathBuf),
    /// Something is there that cannot be replaced and put back.
    #[error("{}: expected {expected}, found {found}: move it away, then try again", .path.display())]
    InTheWay {
        /// The name.
        path: PathBuf,
        /// What may be there.
        expected: &'static str,
        /// What is.
        found: &'static str,
    },
    /// The host's own file has the name of one of ours, and is needed as it is.
    #[error("{}: this is the host's own, which others rely on: choose another --prefix", .0.display())]
    Hosts(PathBuf),
    /// A directory that the host is to have is not there.
    #[error(
        "{}: expected the directory of xapi's plugins, found nothing: is this a control domain? \
         --plugin-dir names another, --root a tree to stage",
        .0.display()
    )]
    NoPlugins(PathBuf),
    /// The tree to install into is not there.
    #[error("{}: expected the directory to install into, found none: create it first", .0.display())]
    NoRoot(PathBuf),
    /// Another run is at work.
    #[error("{}: locked: another install or uninstall is at work; try again when it has ended", .0.display())]
    Busy(PathBuf),
    /// The manifest makes no sense.
    #[error(
        "{}: expected a manifest of this version, found {found}: what it lists is left alone; \
         use the version that wrote it, or move it away to forget what was installed",
        .path.display()
    )]
    Manifest {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// Nothing is installed.
    #[error(
        "{}: expected the manifest of an installation, found none: nothing was installed here by \
         vhd-porter install",
        .0.display()
    )]
    NotInstalled(PathBuf),
    /// The file system knows no second names, so there is no backup without a gap.
    #[error(
        "{}: the file system cannot give it a second name, which would be its backup: \
         move it away, then try again",
        .0.display()
    )]
    NoLinks(PathBuf),
    /// The system refused.
    #[error(transparent)]
    System(#[from] os::Error),
}

impl Error {
    /// What kind it is, for scripts.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Privileges(_) => "privileges",
            Self::ReadOnly(_) => "read-only",
            Self::InTheWay { .. } | Self::Hosts(_) => "in-the-way",
            Self::NoPlugins(_) | Self::NoRoot(_) | Self::NotInstalled(_) => "not-found",
            Self::Busy(_) => "busy",
            Self::Manifest { .. } => "bad-manifest",
            Self::NoLinks(_) => "system",
            Self::System(error) if error.is_full() => "no-space",
            Self::System(_) => "system",
        }
    }
}
