//! Safe pieces of the operating system: directories by descriptor, publishing without replacing, record locks, copying without
//! filling holes, children with a deadline, stopping in good order, giving up privileges.

mod confine;
mod dir;
mod duplicate;
mod error;
mod lock;
mod publish;
mod space;
mod spawn;
pub mod stop;

pub use confine::{create_privately, give_up_privileges, write_only_below};
pub use dir::Dir;
pub use duplicate::{Duplication, duplicate, reflink};
pub use error::Error;
pub use lock::Lock;
pub use publish::{Published, link, publish};
pub use space::{Space, is_shared, space};
pub(crate) use spawn::shown;
pub use spawn::{Finished, SpawnError, find_program, run};
