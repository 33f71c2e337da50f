//! The real os-xenapi client.
