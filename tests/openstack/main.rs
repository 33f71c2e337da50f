//! The `glance` plugin and the programs against OpenStack's own: real Glance servers with the Image API v1 and v2, and the
//! real os-xenapi client through a stand-in for xapi. `tests/openstack/install` installs what they need.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs that it tests with")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod by_hand;
mod client;
mod download;
mod environment;
mod glance;
#[path = "../plugins/host.rs"]
#[allow(dead_code, reason = "the tests of the plugins use the rest")]
mod host;
mod plugin;
#[path = "../plugins/repository.rs"]
#[allow(dead_code, reason = "the tests of the plugins use the rest")]
mod repository;
#[path = "../http/server.rs"]
#[allow(dead_code, reason = "the tests of the HTTP client use the rest")]
mod server;
mod trouble;
mod upload;
mod xapi;
