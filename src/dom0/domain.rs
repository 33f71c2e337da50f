//! [`DomainId`]: the number of a running guest.

use std::fmt;

use super::error::Error;

/// The first number that Xen keeps for itself: `DOMID_FIRST_RESERVED` in `xen/include/public/xen.h`.
const FIRST_RESERVED: u64 = 0x7ff0;

/// The number of a domain. It changes with every boot of a guest; xapi says -1 for one that does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainId(u64);

impl DomainId {
    /// The domain `number`.
    ///
    /// # Errors
    /// No domain can have this number.
    pub fn new(number: u64) -> Result<Self, Error> {
        if number < FIRST_RESERVED {
            Ok(Self(number))
        } else {
            Err(Error::argument("dom_id", "the number of a running domain, 0 to 32751", number))
        }
    }
}

impl fmt::Display for DomainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
