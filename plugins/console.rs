//! `console`: the end of what a guest wrote to its console.
//!
//! The log is there if xenconsoled keeps one: `xenstore-write /local/logconsole/@ "/var/log/xen/guest/console.%d"`.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use vhd_porter::config::key;
use vhd_porter::dom0::{DomainId, console_tail};
use vhd_porter::host::{self, Arguments, Class, Failure, Function, Parameter, Plugin};
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "console",
    about: "The end of a guest's console log",
    functions: &[Function::plain("get_console_log", &[Parameter::optional("dom_id")], get_console_log)],
};

/// The last 100 KiB, compressed with zlib, in base64.
fn get_console_log(arguments: &Arguments) -> Result<Value, Failure> {
    let refuse = |message: &str| Failure::new(Class::PluginError, message);
    arguments.value("dom_id").ok_or_else(|| refuse("Missing dom_id"))?;
    let number = arguments.u64("dom_id").map_err(|_| refuse("Invalid dom_id"))?;
    let domain = DomainId::new(number).map_err(|_| refuse("Invalid dom_id"))?;
    let tail = console_tail(&host::settings()?.path(key::CONSOLE_DIRECTORY), domain)?;
    let mut compressed = ZlibEncoder::new(Vec::new(), Compression::default());
    compressed.write_all(&tail)?;
    Ok(STANDARD.encode(compressed.finish()?).into())
}
