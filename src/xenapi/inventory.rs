//! The host's record of itself: `/etc/xensource-inventory`, lines of `KEY='value'`.

/// Longest inventory that is read. One has some forty lines.
pub(super) const LONGEST: u64 = 1 << 20;

/// What `content` holds under `key`; `None` if it holds nothing.
///
/// Source of the layout: xen-api `ocaml/libs/inventory`.
pub(super) fn entry<'c>(content: &'c str, key: &str) -> Option<&'c str> {
    let value = content.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
    let value = value.trim();
    let unquoted = ['\'', '"'].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Some(unquoted.unwrap_or(value)).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_or_not() {
        let content =
            "PRODUCT='XCP-ng'\n INSTALLATION_UUID='5ca3034b'\nEMPTY=''\nBARE=1\nDOUBLE=\"2\"\nODD='\n#\n";
        for (key, value) in [
            ("INSTALLATION_UUID", Some("5ca3034b")),
            ("PRODUCT", Some("XCP-ng")),
            ("PROD", None),
            ("EMPTY", None),
            ("BARE", Some("1")),
            ("DOUBLE", Some("2")),
            ("ODD", Some("'")),
            ("MISSING", None),
        ] {
            assert_eq!(entry(content, key), value, "{key}");
        }
    }
}
