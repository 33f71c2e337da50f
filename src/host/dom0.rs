//! What errors of the control domain mean to the control plane.

use super::failure::{Class, Failure};
use crate::dom0::{Error, Kind};

/// The table: what each kind of error is called in Python.
fn class(kind: Kind) -> Class {
    match kind {
        Kind::BadArgument => Class::ArgumentError,
        Kind::Refused | Kind::Timeout => Class::PluginError,
        Kind::ProgramMissing => Class::CommandNotFound,
        Kind::Program => Class::SubprocessException,
        Kind::Xenstore => Class::XenstoreError,
        Kind::Reboot => Class::RebootDetectedError,
        Kind::NotImplemented => Class::NotImplementedError,
        Kind::System => Class::OsError,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from_error(class(error.kind()), &error)
    }
}
