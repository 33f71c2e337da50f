//! Errors as the command line knows them: numbers of the operating system, printed negative, exited positive.

use std::fmt;
use std::io;

use crate::vhd;

/// An error number. [`fmt::Display`] shows it negative, the way the messages of `vhd-util` do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Errno(i32);

impl Errno {
    pub(crate) const NOENT: Self = Self(2);
    pub(crate) const IO: Self = Self(5);
    pub(crate) const NOMEM: Self = Self(12);
    pub(crate) const ISDIR: Self = Self(21);
    pub(crate) const INVAL: Self = Self(22);
    pub(crate) const NOSPC: Self = Self(28);
    /// What blktap says when a read or seek ends behind the end of the file.
    pub(crate) const PIPE: Self = Self(32);
    pub(crate) const RANGE: Self = Self(34);
    pub(crate) const NAMETOOLONG: Self = Self(36);
    pub(crate) const NOSYS: Self = Self(38);
    /// What we say of chains that run in a loop.
    pub(crate) const LOOP: Self = Self(40);

    /// The number, positive.
    pub(crate) fn number(self) -> i32 {
        self.0
    }

    /// The exit code of a command that failed with this.
    pub(crate) fn exit_code(self) -> u8 {
        u8::try_from(self.0 & 0xff).unwrap_or(u8::MAX)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-{}", self.0)
    }
}

impl From<&io::Error> for Errno {
    fn from(error: &io::Error) -> Self {
        match (error.raw_os_error(), error.kind()) {
            (Some(number), _) => Self(number),
            (None, io::ErrorKind::UnexpectedEof) => Self::PIPE,
            (None, io::ErrorKind::InvalidInput) => Self::INVAL,
            (None, _) => Self::IO,
        }
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(error: rustix::io::Errno) -> Self {
        Self(error.raw_os_error())
    }
}

impl From<vhd::Error> for Errno {
    fn from(error: vhd::Error) -> Self {
        match error {
            vhd::Error::Io { source, .. } => Self::from(source),
            vhd::Error::OutOfRange { .. } => Self::RANGE,
            _ => Self::INVAL,
        }
    }
}
