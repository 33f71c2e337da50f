//! `ipxe.inject`: real ISO images get the network of an instance.
//!
//! Where the kernel knows no ISO 9660, the images are mounted through FUSE: by the same `mount`, in another way.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::calls::{in_every_way, in_json};
use crate::host::{Host, xml};
use crate::repository::Content;
use crate::sshd::program;

const PLUGIN: &str = "ipxe.py";
const URL: &str = "http://boot.example.org/menu.ipxe?a=${net0/mac}";
const NETCFG: &str = "#!ipxe\n:start\nimgfree\nifclose net0\nset net0/ip 192.0.2.10\nset net0/netmask 255.255.255.0\n\
                      set net0/gateway 192.0.2.1\nset dns 198.51.100.53\nifopen net0\ngoto menu\n\n:menu\n\
                      chain http://boot.example.org/menu.ipxe?a=${net0/mac}\ngoto boot\n\n:boot\n\
                      sanboot --no-describe --drive 0x80\n";
const ISOLINUX: &str = "SAY iPXE ISO boot image\nTIMEOUT 30\nDEFAULT ipxe.krn\nLABEL ipxe.krn\n KERNEL ipxe.krn\n \
                        INITRD netcfg.ipxe\n";

/// An SR with a boot image.
struct Images {
    sr: TempDir,
    uuid: Uuid,
}

impl Images {
    fn new() -> Self {
        let images = Self { sr: TempDir::new().unwrap(), uuid: Uuid::new_v4() };
        fs::create_dir(images.sr.path().join("iso")).unwrap();
        images
    }

    /// With an image of an old configuration, a kernel, a boot sector and a file in a directory.
    fn with_boot_image() -> Self {
        let (images, source) = (Self::new(), TempDir::new().unwrap());
        let file = |name: &str, content: &[u8]| fs::write(source.path().join(name), content).unwrap();
        fs::create_dir(source.path().join("sub")).unwrap();
        file("isolinux.bin", &[0x90; 8192]);
        file(
            "isolinux.cfg",
            b"DEFAULT something else, and longer than what is to replace it in the end\n"
                .repeat(9)
                .as_slice(),
        );
        file("ipxe.krn", b"a kernel");
        file("sub/deep.txt", b"as it was");
        // A file by which some mkisofs would be told what to do, if they were run where it is.
        file(".mkisofsrc", b"APPI=hostile\n");
        images.make(&["-c", "boot.cat", "-b", "isolinux.bin", "-no-emul-boot"], source.path());
        images
    }

    fn make(&self, options: &[&str], source: &Path) {
        let mut command = Command::new("genisoimage");
        command
            .args(["-quiet", "-l", "-allow-leading-dots"])
            .args(options)
            .arg("-o")
            .arg(self.image())
            .arg(source);
        assert!(command.output().unwrap().status.success());
        fs::set_permissions(self.image(), fs::Permissions::from_mode(0o640)).unwrap();
    }

    fn image(&self) -> PathBuf {
        self.sr.path().join(format!("iso/{}.img", self.uuid))
    }

    fn arguments(&self, mkisofs: &str) -> Vec<(&'static str, Value)> {
        vec![
            ("sr_path", json!(self.sr.path())),
            ("vdi_uuid", json!(self.uuid)),
            ("boot_menu_url", json!(URL)),
            ("ip_address", json!("192.0.2.10")),
            ("netmask", json!("255.255.255.0")),
            ("gateway", json!("192.0.2.1")),
            ("dns", json!("198.51.100.53")),
            ("mkisofs_cmd", json!(mkisofs)),
        ]
    }

    fn document(&self, mkisofs: &str) -> Value {
        json!({ "args": self.arguments(mkisofs).into_iter().map(|(_, value)| value).collect::<Value>() })
    }

    fn content(&self) -> Content {
        crate::repository::content(&self.sr.path().join("iso"))
    }

    fn isoinfo(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("isoinfo").arg("-i").arg(self.image()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A file in the image. Some programs write its name in capitals.
    fn read(&self, name: &str) -> Vec<u8> {
        let names = String::from_utf8(self.isoinfo(&["-f"])).unwrap();
        let found = names.lines().find(|line| line.eq_ignore_ascii_case(&format!("{name};1")));
        self.isoinfo(&["-x", found.unwrap_or_else(|| panic!("no {name} in {names}"))])
    }

    #[track_caller]
    fn holds_the_network(&self) {
        assert_eq!(String::from_utf8(self.read("/netcfg.ipxe")).unwrap(), NETCFG);
        assert_eq!(String::from_utf8(self.read("/isolinux.cfg")).unwrap(), ISOLINUX);
        assert_eq!(self.read("/ipxe.krn"), b"a kernel");
        assert_eq!(self.read("/sub/deep.txt"), b"as it was");
        // mkisofs writes a table of 56 bytes into it that says where it is.
        let boot = self.read("/isolinux.bin");
        assert_eq!((boot.len(), &boot[..8], &boot[64..]), (8192, &[0x90; 8][..], &[0x90; 8128][..]));
        assert_ne!(boot[8..64], [0x90; 56]);
        let about = String::from_utf8(self.isoinfo(&["-d"])).unwrap();
        assert!(about.contains("El Torito") && !about.contains("hostile"), "{about}");
    }
}

/// A host that can mount images; `None` where that cannot be.
fn host() -> Option<Host> {
    let mut host = Host::new();
    if let Some(missing) = ["genisoimage", "isoinfo"].iter().find(|name| program(name).is_none()) {
        println!("skipped: there is no {missing} (apt: genisoimage)");
        return None;
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can mount");
        return None;
    }
    // As `mount` loads a module that is not there yet, only trying tells.
    let (images, point) = (Images::with_boot_image(), TempDir::new().unwrap());
    for mount in ["mount -t iso9660 -o loop", "mount -t fuse.fuseiso"] {
        let mut command = Command::new("mount");
        command.args(mount.split(' ').skip(1)).arg(images.image()).arg(point.path());
        if command.output().unwrap().status.success() {
            assert!(Command::new("umount").arg(point.path()).status().unwrap().success());
            host.set("VHD_PORTER_PROGRAMS_MOUNT", mount);
            return Some(host);
        }
    }
    println!("skipped: neither the kernel nor fuseiso (apt: fuseiso) mounts ISO 9660 here");
    None
}

/// Nothing below `directory` is mounted.
fn mounts(directory: &Path) -> usize {
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    mounts.lines().filter(|line| line.contains(directory.to_str().unwrap())).count()
}

#[test]
fn every_client_injects() {
    let Some(host) = host() else { return };
    in_every_way(
        &host,
        PLUGIN,
        "inject",
        || {
            let images = Images::with_boot_image();
            (images.arguments("mkisofs"), images)
        },
        |images, result| {
            assert_eq!(*result, Value::Null);
            images.holds_the_network();
            assert_eq!(images.content().len(), 1, "nothing else is left");
            assert_eq!(mounts(images.sr.path()), 0);
        },
    );
}

#[test]
fn every_program_makes_the_image() {
    let Some(mut host) = host() else { return };
    for (setting, asked) in [
        (None, "mkisofs"),
        (None, "genisoimage"),
        (None, "/usr/bin/genisoimage"),
        (None, "xorrisofs"),
        (Some("xorriso -as mkisofs"), "whatever the caller says"),
    ] {
        let name = setting.unwrap_or(asked).split(' ').next().unwrap();
        if program(name.trim_start_matches("/usr/bin/")).is_none() {
            println!("skipped: there is no {name}");
            continue;
        }
        if let Some(setting) = setting {
            host.set("VHD_PORTER_PROGRAMS_MKISOFS", setting);
        }
        let images = Images::with_boot_image();
        let (open, inode) =
            (fs::File::open(images.image()).unwrap(), images.image().metadata().unwrap().ino());
        // Twice: what is there of the first time is replaced.
        for _ in 0..2 {
            assert_eq!(in_json(&host, PLUGIN, "inject", &images.document(asked)), Value::Null);
            images.holds_the_network();
        }
        let metadata = images.image().metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o640, "the mode of the old one");
        assert_ne!(metadata.ino(), inode);
        assert_eq!(open.metadata().unwrap().nlink(), 0, "whoever reads the old one keeps it");
    }
}

#[test]
fn each_failure_has_its_class_and_leaves_the_image() {
    let Some(mut host) = host() else { return };
    let images = Images::with_boot_image();
    let linked = Images::new();
    symlink(images.image(), linked.image()).unwrap();
    let (tricky, source) = (Images::new(), TempDir::new().unwrap());
    symlink("/etc/passwd", source.path().join("isolinux.cfg.d")).unwrap();
    tricky.make(&["-R"], source.path());
    let no_iso = Images::new();
    fs::write(no_iso.image(), vec![7; 1 << 20]).unwrap();
    let plain = Images::new();
    plain.make(&[], TempDir::new().unwrap().path());
    let with = |index: usize, value: Value| {
        let mut document = images.document("mkisofs");
        document["args"][index] = value;
        document
    };
    for (images, document, class, said) in [
        (
            &images,
            with(0, json!("/nonexistent")),
            "ArgumentError",
            "sr_path: expected the directory of an SR below",
        ),
        (&images, with(0, json!("/tmp/nonexistent")), "OSError", "/tmp/nonexistent/iso"),
        (&images, with(1, json!("../x")), "ArgumentError", "malformed uuid"),
        (&images, with(1, json!(Uuid::new_v4())), "OSError", "No such file or directory"),
        (
            &images,
            with(2, json!("http://h/\nshell")),
            "ArgumentError",
            "argument boot_menu_url: expected a URL",
        ),
        (
            &images,
            with(3, json!("192.0.2.10\nshell")),
            "ArgumentError",
            "argument ip_address: expected an IPv4",
        ),
        (
            &images,
            with(4, json!("255.0.255.0")),
            "ArgumentError",
            "argument netmask: expected ones, then zeros",
        ),
        (&images, with(5, json!("gateway")), "ArgumentError", "argument gateway: expected an IPv4 address"),
        (&images, with(6, json!("2001:db8::1")), "ArgumentError", "argument dns: expected an IPv4 address"),
        (&images, with(6, Value::Null), "ArgumentError", "argument dns: expected text, found None"),
        (
            &images,
            with(7, json!("/tmp/mkisofs")),
            "ArgumentError",
            "argument mkisofs_cmd: expected one of mkisofs",
        ),
        (&linked, linked.document("mkisofs"), "OSError", "opening"),
        (&no_iso, no_iso.document("mkisofs"), "SubprocessException", "mount"),
        (&tricky, tricky.document("mkisofs"), "Exception", "expected a file or a directory, found a symlink"),
        // It has no isolinux.bin.
        (&plain, plain.document("mkisofs"), "SubprocessException", "isolinux.bin"),
    ] {
        let before = images.content();
        let (found, message) = host.failure(PLUGIN, xml("inject", &[("json", &document.to_string())]));
        assert_eq!(found, class, "{message}");
        assert!(message.contains(said), "{message:?} does not say {said:?}");
        assert_eq!(images.content(), before, "after {message}");
        assert_eq!(mounts(images.sr.path()), 0, "after {message}");
    }
    let before = images.content();
    for (variable, value, class) in [
        ("VHD_PORTER_PROGRAMS_MKISOFS", "/nonexistent/mkisofs", "CommandNotFound"),
        ("VHD_PORTER_PROGRAMS_MKISOFS", "/bin/false", "SubprocessException"),
        // It makes no image at all.
        ("VHD_PORTER_PROGRAMS_MKISOFS", "/bin/true", "OSError"),
        ("VHD_PORTER_PROGRAMS_MOUNT", "/nonexistent/mount", "CommandNotFound"),
    ] {
        host.set(variable, value);
        let document = images.document("mkisofs").to_string();
        let (found, message) = host.failure(PLUGIN, xml("inject", &[("json", &document)]));
        assert_eq!(found, class, "{message}");
        assert_eq!(images.content(), before, "after {message}");
        assert_eq!(mounts(images.sr.path()), 0, "after {message}");
    }
}
