//! What travels between xapi and a plugin, as data: values, XML-RPC, pickles and JSON.
//!
//! ```text
//! argv[1] ─▶ xmlrpc::MethodCall ─▶ text ─▶ pickle::read | json::read ─▶ Value
//! stdout  ◀─ xmlrpc::Answer     ◀─ text ◀─ pickle::write | json::write ◀─ Value
//! ```
//!
//! Nothing here opens a file, knows a plugin or depends on another part of the crate. Everything that reads
//! takes bytes from a stranger: sizes, nesting and expansion are bounded before memory is spent on them.
//! [`Secret`] and [`scrub`] live here because every layer above that logs or fails needs them.

pub mod json;
pub mod pickle;
pub mod scrub;
mod secret;
mod value;
pub mod xmlrpc;

pub use secret::Secret;
pub use value::Value;
