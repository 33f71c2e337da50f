//! `ipxe`: the boot image of an instance learns the network of that instance.

use std::net::Ipv4Addr;
use std::path::Path;

use vhd_porter::config::{Settings, key};
use vhd_porter::host::{self, Arguments, Failure, Function, Parameter, Plugin};
use vhd_porter::iso::{Injection, Programs};
use vhd_porter::pipeline::parse_uuid;
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "ipxe",
    about: "Writes the network of an instance into its iPXE boot image",
    functions: &[Function::pickled(
        "inject",
        &[
            Parameter::required("sr_path"),
            Parameter::required("vdi_uuid"),
            Parameter::required("boot_menu_url"),
            Parameter::required("ip_address"),
            Parameter::required("netmask"),
            Parameter::required("gateway"),
            Parameter::required("dns"),
            Parameter::required("mkisofs_cmd"),
        ],
        inject,
    )],
};

/// Boots iPXE with `netcfg.ipxe` as its script.
const ISOLINUX: &str = "SAY iPXE ISO boot image\nTIMEOUT 30\nDEFAULT ipxe.krn\nLABEL ipxe.krn\n KERNEL ipxe.krn\n \
                        INITRD netcfg.ipxe\n";
/// Longest URL of a boot menu.
const LONGEST_URL: usize = 2048;
/// What a program may be called that takes the arguments of mkisofs.
const MKISOFS: [&str; 3] = ["mkisofs", "genisoimage", "xorrisofs"];
/// Where it may be, if the caller says where; else it is looked for on `PATH`.
const PLACES: [&str; 6] = ["", "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/// Rewrites `<sr_path>/iso/<vdi_uuid>.img`: `None`.
fn inject(arguments: &Arguments) -> Result<Value, Failure> {
    let (sr_path, settings) = host::sr_path(arguments)?;
    let directory = sr_path.join("iso");
    let image = format!("{}.img", parse_uuid(arguments.text("vdi_uuid")?)?);
    let files = [("netcfg.ipxe", script(arguments)?), ("isolinux.cfg", ISOLINUX.to_owned())];
    let programs = Programs {
        mount: settings.command(key::MOUNT),
        umount: settings.command(key::UMOUNT),
        mkisofs: mkisofs(arguments.text("mkisofs_cmd")?, &settings)?,
        deadline: settings.seconds(key::DISK_DEADLINE),
    };
    Injection { directory: &directory, image: &image, files: &files, programs }.run()?;
    Ok(Value::None)
}

/// The script that iPXE runs: it sets up the first interface, shows the menu, and boots the disk if there is none.
fn script(arguments: &Arguments) -> Result<String, Failure> {
    let address = |name| address(name, arguments.text(name)?);
    let netmask = address("netmask")?;
    if netmask.to_bits().leading_ones() != netmask.to_bits().count_ones() {
        return Err(refused("netmask", "ones, then zeros", arguments.text("netmask")?));
    }
    Ok(format!(
        "#!ipxe\n:start\nimgfree\nifclose net0\nset net0/ip {}\nset net0/netmask {netmask}\nset net0/gateway {}\n\
         set dns {}\nifopen net0\ngoto menu\n\n:menu\nchain {}\ngoto boot\n\n:boot\n\
         sanboot --no-describe --drive 0x80\n",
        address("ip_address")?,
        address("gateway")?,
        address("dns")?,
        menu(arguments.text("boot_menu_url")?)?,
    ))
}

fn address(name: &str, text: &str) -> Result<Ipv4Addr, Failure> {
    text.parse().map_err(|_| refused(name, "an IPv4 address", text))
}

/// A URL is one word of the script: nothing in it ends the word or the line.
fn menu(url: &str) -> Result<&str, Failure> {
    let rest =
        ["http://", "https://", "tftp://", "ftp://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '#');
    let fits = url.len() <= LONGEST_URL
        && url.chars().all(plain)
        && rest.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '[' | '$'))
        });
    let expected = "a URL (http, https, tftp or ftp) without blanks, quotes, backslashes and #";
    if fits { Ok(url) } else { Err(refused("boot_menu_url", expected, url)) }
}

/// What makes images: the setting if there is one, else what the caller wants if it is known to do that.
fn mkisofs(asked: &str, settings: &Settings) -> Result<Vec<String>, Failure> {
    let configured = settings.command(key::MKISOFS);
    if !configured.is_empty() {
        return Ok(configured);
    }
    let known = |name: &str| PLACES.iter().any(|place| Path::new(place).join(name) == Path::new(asked));
    if MKISOFS.iter().any(|name| known(name)) {
        return Ok(vec![asked.to_owned()]);
    }
    let expected = format!("one of {}; for another set programs.mkisofs", MKISOFS.join(", "));
    Err(refused("mkisofs_cmd", &expected, asked))
}

fn refused(name: &str, expected: &str, found: &str) -> Failure {
    Failure::argument(format!("inject: argument {name}: expected {expected}, found {found:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_one_word_of_a_script_is_a_menu() {
        for url in [
            "http://boot.example.org/menu.ipxe",
            "https://[2001:db8::1]:8443/m?a=1&b=2",
            "tftp://192.0.2.1/${net0/mac}",
        ] {
            assert_eq!(menu(url).unwrap(), url);
        }
        let long = format!("http://{}", "a".repeat(LONGEST_URL));
        for url in [
            "",
            "menu.ipxe",
            "file:///etc/passwd",
            "http://",
            "http:///x",
            "http://h/a b",
            "http://h/\nshell",
            "http://h/#x",
            "http://h/\"",
            "http://h/ü",
            &long,
        ] {
            assert!(menu(url).is_err(), "{url}");
        }
    }

    #[test]
    fn programs_are_known_or_configured() {
        let mut settings = Settings::default();
        for asked in ["mkisofs", "genisoimage", "/usr/bin/mkisofs"] {
            assert_eq!(mkisofs(asked, &settings).unwrap(), [asked]);
        }
        for asked in
            ["", "sh", "./mkisofs", "/tmp/mkisofs", "/usr/bin/../../tmp/mkisofs", "mkisofs -x", "/usr/bin"]
        {
            assert!(mkisofs(asked, &settings).is_err(), "{asked}");
        }
        let origin = vhd_porter::config::Origin::Option;
        settings.set(key::MKISOFS, "xorriso -as mkisofs", origin).unwrap();
        assert_eq!(mkisofs("anything", &settings).unwrap(), ["xorriso", "-as", "mkisofs"]);
    }
}
