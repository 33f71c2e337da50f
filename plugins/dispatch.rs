//! The dispatch binary: every plugin of this package under one roof.
//!
//! Each plugin is a link to this program under the plugin's name; `vhd_porter::host` does the rest.

mod agent;
mod bandwidth;
mod config_file;
mod console;
mod dom0_plugin_version;
mod glance;
mod ipxe;
mod kernel;
mod migration;
mod netwrap;
mod partition_utils;
mod porter;
mod workarounds;
mod xenhost;
mod xenstore;

use std::process::ExitCode;

use vhd_porter::host::{self, Plugin};

/// The table of plugins.
const PLUGINS: &[Plugin] = &[
    agent::PLUGIN,
    bandwidth::PLUGIN,
    config_file::PLUGIN,
    console::PLUGIN,
    dom0_plugin_version::PLUGIN,
    glance::PLUGIN,
    ipxe::PLUGIN,
    kernel::PLUGIN,
    migration::PLUGIN,
    netwrap::PLUGIN,
    partition_utils::PLUGIN,
    porter::PLUGIN,
    workarounds::PLUGIN,
    xenhost::PLUGIN,
    xenstore::PLUGIN,
];

fn main() -> ExitCode {
    host::run(PLUGINS, std::env::args_os())
}
