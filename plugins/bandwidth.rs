//! `bandwidth`: how much went through the network interfaces of guests.

use vhd_porter::config::key;
use vhd_porter::dom0::guest_counters;
use vhd_porter::host::{self, Arguments, Class, Failure, Function, Plugin};
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "bandwidth",
    about: "Counters of guests' network interfaces",
    functions: &[Function::pickled("fetch_all_bandwidth", &[], fetch_all_bandwidth)],
};

/// `{domain: {number: {'bw_in': BYTES, 'bw_out': BYTES}}}`, in and out as the guest sees them.
fn fetch_all_bandwidth(_: &Arguments) -> Result<Value, Failure> {
    let path = host::settings()?.path(key::BANDWIDTH_COUNTERS);
    let content = std::fs::read_to_string(&path)
        .map_err(|error| Failure::new(Class::OsError, format!("reading {}: {error}", path.display())))?;
    Ok(guest_counters(&content)?)
}
