//! `dom0_plugin_version`: the question every os-xenapi session asks first.

use vhd_porter::host::{Function, Plugin};
use vhd_porter::wire::Value;

/// The version of the interface between os-xenapi and its plugins that this package implements. A client wants
/// the same major version, and a minor version no lower than its own (`client/session.py`
/// `_verify_plugin_version`); 2.1 is the last there was.
const VERSION: &str = "2.1";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "dom0_plugin_version",
    about: "The version of the plugins' interface",
    functions: &[Function::pickled("get_version", &[], |_| Ok(Value::from(VERSION)))],
};
