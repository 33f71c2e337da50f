//! The dispatch binary: every plugin of this package under one roof.
//!
//! Each plugin is a link to this program under the plugin's name; `vhd_porter::host` does the rest.

mod config_file;
mod dom0_plugin_version;
mod ipxe;
mod kernel;
mod migration;
mod partition_utils;
mod porter;
mod workarounds;

use std::process::ExitCode;

use vhd_porter::host::{self, Plugin};

/// The table of plugins.
const PLUGINS: &[Plugin] = &[
    config_file::PLUGIN,
    dom0_plugin_version::PLUGIN,
    ipxe::PLUGIN,
    kernel::PLUGIN,
    migration::PLUGIN,
    partition_utils::PLUGIN,
    porter::PLUGIN,
    workarounds::PLUGIN,
];

fn main() -> ExitCode {
    host::run(PLUGINS, std::env::args_os())
}
