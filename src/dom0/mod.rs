//! The control domain's own programs and files, as far as control planes ask for them: xenstore, guests' agents and
//! consoles, the host's parameters and its network.
//!
//! ```text
//! agent ─▶ xenstore ─▶ record ─▶ domain
//!             └─▶ program ─▶ os::exchange        network, permitted, filter ─▶ which program, which arguments
//! console, counters, pci, host_config ─▶ files    host_data ─▶ what xe prints
//! ```
//!
//! Whoever calls is another host's administrator, but what is passed on may come from a tenant. So no argument can become
//! an option or a second command, a path in xenstore holds only what xenstore allows, and files are opened in their own
//! directory, by plain names, without following symlinks.

mod agent;
mod console;
mod counters;
mod domain;
mod error;
mod escape;
mod filter;
mod host_config;
mod host_data;
mod listing;
mod network;
mod pci;
mod permitted;
mod program;
mod record;
mod xenstore;

pub use agent::{Agent, file_request};
pub use console::console_tail;
pub use counters::guest_counters;
pub use domain::DomainId;
pub use error::{Error, Kind};
pub use filter::filter_command;
pub use host_config::HostConfig;
pub use host_data::host_data;
pub use network::network_change;
pub use pci::pci_type;
pub use permitted::network_command;
pub use program::{Program, return_code};
pub use record::Record;
pub use xenstore::Xenstore;
