//! What can be set, and by whom: defaults, then the configuration file, then the environment, then options.
//!
//! Every setting is one row of the table in [`key`]: its name in the file, its kind, its default and what it is for.
//! `http.idle_timeout` stands in the file as `idle_timeout` under `[http]`, and in the environment as
//! `VHD_PORTER_HTTP_IDLE_TIMEOUT`.

mod error;
mod example;
mod file;
pub mod key;
mod settings;

pub use error::Error;
pub use example::example;
pub use key::{Key, Kind};
pub use settings::{Origin, Settings, misspelt};
