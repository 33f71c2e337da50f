//! Where images come from and go to: files, the standard streams, and servers.

mod download;
mod error;
mod expectation;
pub mod glance;
mod new_file;
mod origin;
mod range;
mod sink;
mod source;
mod trouble;

pub use error::Error;
pub use expectation::{Checksums, Expectation};
pub use new_file::NewFile;
pub use origin::Origin;
pub use sink::{Sink, Target};
pub use source::Source;
pub use trouble::Trouble;
