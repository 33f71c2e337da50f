//! Where images come from and go to: files and the standard streams.

mod error;
mod new_file;
mod origin;
mod sink;
mod source;

pub use error::Error;
pub use new_file::NewFile;
pub use origin::Origin;
pub use sink::{Sink, Target};
pub use source::Source;
