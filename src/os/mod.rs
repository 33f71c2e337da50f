//! Safe pieces of the operating system: directories by descriptor, publishing without replacing, copying without
//! filling holes, children with a deadline.

mod dir;
mod duplicate;
mod error;
mod publish;
mod space;
mod spawn;

pub use dir::Dir;
pub use duplicate::{Duplication, duplicate, reflink};
pub use error::Error;
pub use publish::{Published, link, publish};
pub use space::{Space, space};
pub(crate) use spawn::shown;
pub use spawn::{Finished, SpawnError, exchange, find_program, run};
