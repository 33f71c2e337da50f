//! The contract with xapi: which plugin, which call, one answer.
//!
//! ```text
//! argv ─▶ invocation ─▶ call ─▶ given ─▶ arguments ─▶ Function::run ─▶ answer ─▶ stdout, exit 0
//!             │           └─────────┴─────────┴────────────┴── Failure ──┘
//!          usage on stderr, exit 2
//! ```
//!
//! xapi starts one process per call, with the call as its only argument, an environment of nothing but `PATH`,
//! `/` as directory, a stdin that cannot be read, and files as stdout and stderr. From the moment the plugin and
//! its one argument are known, there is exactly one answer on stdout and the exit status is 0, panics included.
//! The rules are written down for callers in `docs/contract.md`.

mod answer;
mod arguments;
mod call;
mod catalog;
mod classes;
mod confine;
mod failure;
mod given;
mod invocation;
mod place;
mod plugin;
mod run;
mod transfer;
mod work;

pub use answer::answer;
pub use arguments::Arguments;
pub use call::Call;
pub use confine::confine;
pub use failure::{Class, Failure, unknown_function};
pub use place::{directory_beside_sr, sr_path};
pub use plugin::{Encoding, Function, Parameter, Plugin};
pub use run::run;
pub use transfer::Transfer;
pub use work::{settings, value, work};
