//! What a PCI device is to SR-IOV.

use std::path::Path;

use super::error::Error;
use crate::os::{self, Dir};

const EXPECTED: &str = "a PCI address such as 0000:03:10.1 or 03:10.1";

/// `type-VF` for a virtual function, `type-PF` for a physical one that has virtual ones, else `type-PCI`. `devices` is the
/// kernel's directory, and an `address` without a domain is in domain 0000: os-xenapi xenhost.py `get_pci_type`.
///
/// # Errors
/// It is no address, or there is no such device.
pub fn pci_type(devices: &Path, address: &str) -> Result<&'static str, Error> {
    let whole =
        if address.matches(':').count() == 1 { format!("0000:{address}") } else { address.to_owned() };
    if !is_address(&whole) {
        return Err(Error::argument("pci_device", EXPECTED, address));
    }
    let device = devices.join(&whole);
    let names = Dir::open(&device).and_then(|device| device.names());
    let names = names.map_err(|error| {
        let (path, why) = (device.display(), os::in_full(&error));
        Error::Refused(format!("looking at PCI device {whole}: {path}: {why}"))
    })?;
    let has = |start: &str| names.iter().any(|name| name.to_string_lossy().starts_with(start));
    Ok(match () {
        () if has("physfn") => "type-VF",
        () if has("virtfn") => "type-PF",
        () => "type-PCI",
    })
}

/// Whether `text` is `domain:bus:device.function` in hexadecimal; a domain may have up to eight digits.
fn is_address(text: &str) -> bool {
    let is_hex = |text: &str, length: std::ops::RangeInclusive<usize>| {
        length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let parts: Vec<&str> = text.split([':', '.']).collect();
    let [domain, bus, device, function] = parts[..] else { return false };
    is_hex(domain, 4..=8)
        && is_hex(bus, 2..=2)
        && is_hex(device, 2..=2)
        && is_hex(function, 1..=1)
        && text.ends_with(&format!(".{function}"))
        && text.matches('.').count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_hexadecimal_in_four_parts() {
        for address in ["0000:03:10.1", "10000:e1:00.0", "00ab:0F:1f.7"] {
            assert!(is_address(address), "{address}");
        }
        for address in
            ["", "../..:00:00.0", "0000:00:00:0", "0000.00.00.0", "0000:00:00.", "0000:00:000.0", "0:00:00.0"]
        {
            assert!(!is_address(address), "{address}");
        }
    }

    #[test]
    fn the_type_is_told_by_the_links() {
        let devices = tempfile::tempdir().unwrap();
        for (address, link) in
            [("0000:03:10.1", "physfn"), ("0000:03:00.0", "virtfn0"), ("0000:00:1f.2", "class")]
        {
            std::fs::create_dir(devices.path().join(address)).unwrap();
            std::fs::write(devices.path().join(address).join(link), "").unwrap();
        }
        for (address, kind) in [
            ("0000:03:10.1", "type-VF"),
            ("03:10.1", "type-VF"),
            ("0000:03:00.0", "type-PF"),
            ("00:1f.2", "type-PCI"),
        ] {
            assert_eq!(pci_type(devices.path(), address).unwrap(), kind);
        }
        assert!(matches!(pci_type(devices.path(), "00:00.0"), Err(Error::Refused(_))));
        assert!(matches!(pci_type(devices.path(), "../0000:00:1f.2"), Err(Error::Argument { .. })));
    }
}
