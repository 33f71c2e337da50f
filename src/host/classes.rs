//! What the errors of the layers below the pipeline mean to the control plane.

use super::failure::{Class, Failure};
use crate::{boot, dom0, xenapi};

impl From<xenapi::Error> for Failure {
    fn from(error: xenapi::Error) -> Self {
        use xenapi::Error;
        let class = match &error {
            _ if error.is_retryable() => Class::RetryableError,
            // What Python's `XenAPI.Failure` is called when it leaves a plugin.
            Error::Refused { .. } => Class::Failure,
            Error::StillAttached { .. } | Error::Address { .. } | Error::Unsuitable { .. } => {
                Class::PluginError
            }
            Error::Os(_) => Class::OsError,
            _ => Class::Exception,
        };
        Self::from_error(class, &error)
    }
}

impl From<boot::Error> for Failure {
    fn from(error: boot::Error) -> Self {
        use boot::Error;
        let class = match &error {
            Error::Name { .. } | Error::Outside { .. } => Class::ArgumentError,
            Error::NotAFile { .. } | Error::Device { .. } | Error::Short { .. } => Class::PluginError,
            Error::NoSpace { .. } | Error::Copy { .. } | Error::Os(_) => Class::OsError,
        };
        Self::from_error(class, &error)
    }
}

impl From<dom0::Error> for Failure {
    fn from(error: dom0::Error) -> Self {
        use dom0::Kind;
        let class = match error.kind() {
            Kind::BadArgument => Class::ArgumentError,
            Kind::Refused | Kind::Timeout => Class::PluginError,
            Kind::ProgramMissing => Class::CommandNotFound,
            Kind::Program => Class::SubprocessException,
            Kind::Xenstore => Class::XenstoreError,
            Kind::Reboot => Class::RebootDetectedError,
            Kind::NotImplemented => Class::NotImplementedError,
            Kind::System => Class::OsError,
        };
        Self::from_error(class, &error)
    }
}
