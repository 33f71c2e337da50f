//! Where images come from and go to: files and the standard streams.

mod error;
mod sink;
mod source;

pub use error::Error;
pub use sink::{Sink, Target};
pub use source::Source;
