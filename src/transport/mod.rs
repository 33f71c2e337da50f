//! Where images come from and go to: files, the standard streams and Glance.

mod error;
pub mod glance;
mod new_file;
mod sink;
mod source;

pub use error::Error;
pub use new_file::NewFile;
pub use sink::{Sink, Target};
pub use source::Source;
