//! A small client of xapi: XML-RPC over the host's socket or the web, a session, and typed calls of what is needed here.
//!
//! ```text
//! Session ─▶ Client ─▶ wire::xmlrpc::Request ─▶ POST / ─▶ unix socket (socket.rs) │ http::Client ─▶ xapi
//!    ◀──── typed value ◀── wire::xmlrpc::Response ◀──────────────────────────────────────┘
//! ```
//!
//! Whatever comes back is bounded and checked for its type before anything is done with it: xapi is trusted to decide,
//! not to be whole. Nothing here is tried twice but an unplug that the host rejects for the moment; a call whose answer
//! was lost may have been carried out.

mod address;
mod attach;
mod client;
mod error;
mod host;
mod inventory;
mod pool;
mod reference;
mod session;
mod socket;
mod sr;

pub use address::Address;
pub use client::Client;
pub use error::Error;
pub use pool::Master;
pub use reference::{HostRef, SrRef, VbdRef, VdiRef, VmRef};
pub use session::Session;
