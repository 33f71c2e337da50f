//! What `xe host-param-list` prints, as nova wants it.

use crate::wire::Value;

/// The parameters of a host: `name ( RO)    : value` in each line, other lines do not count. The last of a name does.
#[derive(Debug)]
struct Parameters<'l>(Vec<(&'l str, &'l str)>);

impl<'l> Parameters<'l> {
    fn read(listing: &'l str) -> Self {
        Self(listing.lines().filter_map(|line| parameter(line.trim())).collect())
    }

    fn find(&self, name: &str) -> Option<&'l str> {
        self.0.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn text(&self, name: &str) -> &'l str {
        self.find(name).unwrap_or_default()
    }
}

/// Name and value in a line: os-xenapi xenhost.py `host_data_pattern`.
fn parameter(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(" (")?;
    let (access, rest) = rest.split_once(')')?;
    let value = rest.trim_start_matches(' ').strip_prefix(':')?;
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    (is_name && !access.is_empty()).then(|| (name, value.strip_prefix(' ').unwrap_or(value)))
}

/// The entries of the answer to `host_data`, from what `xe host-param-list` prints: os-xenapi xenhost.py `cleanup`.
#[must_use]
pub fn host_data(listing: &str) -> Vec<(Value, Value)> {
    let parameters = Parameters::read(listing);
    let text = |name| Value::from(parameters.text(name));
    let number = |name| number(parameters.text(name));
    let memory = Value::dict([
        ("total", number("memory-total")),
        ("overhead", number("memory-overhead")),
        ("free", number("memory-free")),
        ("free-computed", number("memory-free-computed")),
    ]);
    let capabilities = parameters.text("capabilities").replace(';', "");
    let processor = map(parameters.text("cpu_info"), |name, value| match name {
        "cpu_count" | "family" | "model" | "stepping" => self::number(value),
        _ => value.into(),
    });
    let entries = [
        ("enabled", parameters.find("enabled").map_or(Value::Bool(true), Value::from)),
        ("host_memory", memory),
        ("host_uuid", parameters.find("uuid").into()),
        ("host_name-label", text("name-label")),
        ("host_name-description", text("name-description")),
        ("host_hostname", text("hostname")),
        ("host_ip_address", text("address")),
        ("host_other-config", map(parameters.text("other-config"), |_, value| value.into())),
        ("host_capabilities", Value::texts(capabilities.split_whitespace())),
        ("host_cpu_info", processor),
    ];
    entries.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// A number, or none.
fn number(text: &str) -> Value {
    Value::from_decimal(text.trim()).unwrap_or(Value::None)
}

/// `name: value; name: value` as a dict. A piece without a colon belongs to the value before it, which held a `; `.
fn map(text: &str, value: impl Fn(&str, &str) -> Value) -> Value {
    let mut entries: Vec<(&str, String)> = Vec::new();
    for piece in text.split("; ").filter(|piece| !piece.is_empty()) {
        match (piece.split_once(':'), entries.last_mut()) {
            (Some((name, value)), _) => {
                entries.retain(|(known, _)| *known != name.trim());
                entries.push((name.trim(), value.trim().to_owned()));
            }
            (None, Some((_, before))) => before.push_str(&format!("; {}", piece.trim())),
            (None, None) => {}
        }
    }
    Value::dict(entries.iter().map(|(name, text)| (*name, value(name, text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parameters_or_do_not_count() {
        for (line, expected) in [
            ("uuid ( RO)                      : 12", Some(("uuid", "12"))),
            ("name-label ( RW): a: b (c)", Some(("name-label", "a: b (c)"))),
            ("empty (MRW): ", Some(("empty", ""))),
            ("tight (MRW):x", Some(("tight", "x"))),
            ("a b ( RO): c", None),
            ("a (): c", None),
            ("a ( RO) c", None),
            ("", None),
        ] {
            assert_eq!(parameter(line), expected, "{line}");
        }
    }

    #[test]
    fn a_value_may_hold_what_separates_values() {
        let other = map("a: x; y; b: 1:2; iscsi_iqn: iqn", |_, value| value.into());
        assert_eq!(
            other,
            Value::dict([("a", "x; y".into()), ("b", "1:2".into()), ("iscsi_iqn", "iqn".into())])
        );
        assert_eq!(map("stray", |_, value| value.into()), Value::Dict(vec![]));
    }
}
