//! Safe pieces of the operating system: directories by descriptor, publishing without replacing, record locks, copying without
//! filling holes, children with a deadline, stopping in good order, giving up privileges.

mod abilities;
mod again;
mod causes;
mod confine;
mod dir;
mod drain;
mod duplicate;
mod error;
mod holes;
mod host;
mod lock;
mod mount;
mod program;
mod publish;
mod space;
mod spawn;
pub mod stop;
mod writeback;

pub use abilities::Abilities;
pub use again::again;
pub use causes::{causes, in_full};
pub use confine::{create_privately, create_publicly, give_up_privileges, write_only_below};
pub use dir::Dir;
pub use duplicate::{Duplication, duplicate, reflink};
pub use error::{Error, is_full};
pub use host::{is_root, kernel_release, may_write};
pub use lock::Lock;
pub use mount::Mount;
pub use program::find_program;
pub use publish::{Published, link, publish, replace};
pub use space::{Space, is_shared, occupied, occupied_in, space};
pub(crate) use spawn::shortened;
pub use spawn::{Finished, Job, SpawnError};
pub use writeback::Writeback;
