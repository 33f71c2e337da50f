//! Requests over HTTP and HTTPS, for images and for Glance.
//!
//! ```text
//! Settings ─▶ Client ──send(Request, Body)──▶ Response { status, headers, body }
//!                └─ Trust: the host's CA bundle, read when the first https:// request is made
//! ```
//!
//! What every exchange has: an idle timeout on each wait and no limit on the whole; verified servers; redirects by our own
//! rules ([`Client::send`]); headers whose secrets never leave in a message. What came is raw: nothing is decompressed, so
//! that digests are those of the bytes on the wire.
//!
//! Every byte of a server is a claim. Sizes of headers, number of redirects and waits are bounded here; the length of a body
//! is the reader's affair.

mod client;
mod error;
mod fault;
mod headers;
mod redirect;
mod request;
mod response;
mod status;
mod trust;
mod url;

pub use client::Client;
pub use error::{Error, Wait};
pub use headers::Headers;
pub use request::{Body, Method, Request};
pub use response::{BodyReader, Response};
pub use status::{Outcome, outcome};
pub use trust::ca_bundle;
pub use url::Url;
