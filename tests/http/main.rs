//! What comes over HTTP: the built program and the client against a server that misbehaves on purpose.
//!
//! Idle timeouts are 1 s here. Servers with TLS use certificates that `openssl` makes on the spot.
#![allow(clippy::disallowed_methods, reason = "tests start the program and openssl")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod apache;
mod broken;
mod damaged;
mod import;
mod proxy;
mod redirects;
mod server;
mod statuses;
#[path = "../system/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests of the whole program")]
mod support;
mod tls;
mod uploads;
