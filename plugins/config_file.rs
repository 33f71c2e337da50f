//! `config_file`: reads one setting of xapi's configuration.
//!
//! os-xenapi asks for `relax-xsm-sr-check` to know whether a slave may attach what its master has attached.

use vhd_porter::config::key;
use vhd_porter::host::{self, Arguments, Class, Failure, Function, Parameter, Plugin};
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "config_file",
    about: "A setting from /etc/xapi.conf",
    functions: &[Function::plain("get_val", &[Parameter::required("key")], get_val)],
};

fn get_val(arguments: &Arguments) -> Result<Value, Failure> {
    let key = arguments.text("key")?;
    let path = host::settings()?.path(key::XAPI_CONF);
    let content = std::fs::read(&path)
        .map_err(|error| Failure::new(Class::OsError, format!("reading {}: {error}", path.display())))?;
    Ok(setting(&String::from_utf8_lossy(&content), key).unwrap_or_default().into())
}

/// What the first line `key = value` says; blanks around both do not count. As in the original plugin, a line
/// with more than one `=` is not a setting, and comments are not special.
fn setting<'c>(content: &'c str, key: &str) -> Option<&'c str> {
    content.split('\n').find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (!value.contains('=') && name.trim() == key).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::setting;

    #[test]
    fn lines_are_read_as_the_original_read_them() {
        let content = "# c\nrelax-xsm-sr-check = true\r\na=b=c\na = 1\na=2\nempty=\n#b=3\n[x]\n";
        for (key, value) in [
            ("relax-xsm-sr-check", Some("true")),
            ("a", Some("1")),
            ("empty", Some("")),
            ("#b", Some("3")),
            ("b", None),
            (" a", None),
            ("", None),
        ] {
            assert_eq!(setting(content, key), value, "{key:?}");
        }
    }
}
