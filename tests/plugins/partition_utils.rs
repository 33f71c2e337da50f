//! `partition_utils`: real disks on loop devices get partitions and file systems.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::calls::{in_every_way, in_json};
use crate::host::{Host, xml};
use crate::sshd::program;

const PLUGIN: &str = "partition_utils.py";
/// XFS is not made smaller than 300 MiB. The file has holes for most of it.
const SIZE: u64 = 400 << 20;

/// A disk on a loop device.
struct Disk {
    image: NamedTempFile,
    path: PathBuf,
}

impl Disk {
    fn new() -> Option<Self> {
        let needed = ["losetup", "sfdisk", "partx", "mkfs.ext3", "blkid"];
        if let Some(missing) = needed.iter().find(|name| program(name).is_none()) {
            println!("skipped: there is no {missing}");
            return None;
        }
        let image = NamedTempFile::new().unwrap();
        image.as_file().set_len(SIZE).unwrap();
        let output = Command::new("losetup").args(["--find", "--show"]).arg(image.path()).output().unwrap();
        if !output.status.success() {
            println!("skipped: no loop device: {}", String::from_utf8_lossy(&output.stderr).trim());
            return None;
        }
        let path = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
        Some(Self { image, path })
    }

    fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    /// What `blkid` finds of a tag at a byte of the image.
    fn tag(&self, tag: &str, offset: u64) -> String {
        let mut blkid = Command::new("blkid");
        blkid.args(["-p", "-s", tag, "-o", "value", "-O", &offset.to_string()]).arg(self.image.path());
        String::from_utf8(blkid.output().unwrap().stdout).unwrap().trim().to_owned()
    }

    /// Loop devices over this disk: none once a call is over. The last to close one may be udev, a little later.
    fn windows(&self) -> String {
        let mut windows = String::new();
        for _ in 0..100 {
            let output = Command::new("losetup").arg("--associated").arg(&self.path).output().unwrap();
            windows = String::from_utf8(output.stdout).unwrap();
            if windows.is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        windows
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("--detach").arg(&self.path).status();
    }
}

fn call(host: &Host, function: &str, arguments: &Value) -> Value {
    in_json(host, PLUGIN, function, &json!({ "args": arguments }))
}

fn failure(host: &Host, function: &str, arguments: &Value) -> (String, String) {
    host.failure(PLUGIN, xml(function, &[("json", &json!({ "args": arguments }).to_string())]))
}

#[test]
fn every_client_formats_a_disk() {
    let Some(disk) = Disk::new() else { return };
    let host = Host::new();
    // Once is enough: sfdisk takes its time.
    assert_eq!(call(&host, "make_partition", &json!([disk.name(), "2048", "-"])), Value::Null);
    assert_eq!(disk.tag("PTTYPE", 0), "dos");
    in_every_way(
        &host,
        PLUGIN,
        "mkfs",
        || {
            let (kind, label) = (("fs_type", json!("swap")), ("fs_label", Value::Null));
            (vec![("dev", json!(disk.path)), ("partnum", json!("1")), kind, label], ())
        },
        |(), result| assert_eq!(*result, Value::Null),
    );
    assert_eq!(disk.tag("TYPE", 2048 * 512), "swap");
    assert_eq!(disk.windows(), "");
}

#[test]
fn a_file_system_fills_its_partition_and_no_more() {
    let Some(disk) = Disk::new() else { return };
    let host = Host::new();
    assert_eq!(call(&host, "make_partition", &json!([disk.path, 2048, "-"])), Value::Null);
    assert_eq!(call(&host, "mkfs", &json!([disk.path, "1", "ext3", "ephemeral"])), Value::Null);
    let partition = format!("{}?offset=1048576", disk.image.path().display());
    let header = Command::new("dumpe2fs").args(["-h", &partition]).output().unwrap();
    let header = String::from_utf8(header.stdout).unwrap();
    let field = |name: &str| header.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    let size = |name| field(name).parse::<u64>().unwrap();
    assert_eq!(size("Block count:") * size("Block size:"), SIZE - (1 << 20));
    assert_eq!(field("Filesystem volume name:"), "ephemeral");
}

#[test]
fn every_kind_of_file_system_is_made() {
    let Some(disk) = Disk::new() else { return };
    let host = Host::new();
    assert_eq!(call(&host, "make_partition", &json!([disk.name(), 4096, "-"])), Value::Null);
    for (kind, maker, label, found) in [
        ("swap", "mkswap", Value::Null, ""),
        ("ext2", "mkfs.ext2", json!("two"), "two"),
        ("ext4", "mkfs.ext4", json!("a label"), "a label"),
        ("xfs", "mkfs.xfs", json!("ex"), "ex"),
        ("vfat", "mkfs.vfat", json!("SWAP"), "SWAP"),
        ("ext3", "mkfs.ext3", json!(""), ""),
    ] {
        if program(maker).is_none() {
            println!("skipped {kind}: there is no {maker}");
            continue;
        }
        assert_eq!(call(&host, "mkfs", &json!([disk.name(), 1, kind, label])), Value::Null);
        assert_eq!(disk.tag("TYPE", 4096 * 512), kind);
        assert_eq!(disk.tag("LABEL", 4096 * 512), found);
        assert_eq!(disk.windows(), "");
    }
}

#[test]
fn a_device_that_comes_is_waited_for() {
    let Some(disk) = Disk::new() else { return };
    let host = Host::new();
    let link = PathBuf::from(format!("/dev/vhd-porter-test-{}", uuid::Uuid::new_v4()));
    in_every_way(
        &host,
        PLUGIN,
        "wait_for_dev",
        || (vec![("dev_path", json!(disk.path)), ("max_seconds", json!(10))], ()),
        |(), result| assert_eq!(*result, json!(disk.path)),
    );
    let wait = |path: &Path, seconds: u64| call(&host, "wait_for_dev", &json!([path, seconds]));
    assert_eq!(wait(&link, 0), json!(""));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(&link, 60));
        symlink(&disk.path, &link).unwrap();
        assert_eq!(waiting.join().unwrap(), json!(link));
    });
    // A name by which udev would know it is as good as its own.
    assert_eq!(call(&host, "make_partition", &json!([link, 2048, "-"])), Value::Null);
    fs::remove_file(&link).unwrap();
    assert_eq!(disk.tag("PTTYPE", 0), "dos");
}

#[test]
fn a_disk_in_use_is_not_touched() {
    let Some(disk) = Disk::new() else { return };
    let (host, point) = (Host::new(), tempfile::tempdir().unwrap());
    assert!(Command::new("mkfs.ext3").args(["-q", "-F"]).arg(&disk.path).status().unwrap().success());
    if !Command::new("mount").arg(&disk.path).arg(point.path()).status().unwrap().success() {
        println!("skipped: cannot mount");
        return;
    }
    let failures = [
        failure(&host, "make_partition", &json!([disk.name(), 2048, "-"])),
        failure(&host, "mkfs", &json!([disk.name(), 1, "ext3", null])),
    ];
    assert!(Command::new("umount").arg(point.path()).status().unwrap().success());
    for (class, message) in failures {
        assert_eq!(class, "PluginError");
        assert!(message.contains("is in use: expected a device that is not mounted"), "{message}");
    }
    assert_eq!(disk.tag("TYPE", 0), "ext3");
}

#[test]
fn each_failure_has_its_class() {
    let Some(disk) = Disk::new() else { return };
    let (mut host, name) = (Host::new(), disk.name().to_owned());
    let outside = PathBuf::from(format!("/dev/vhd-porter-test-{}", uuid::Uuid::new_v4()));
    symlink(disk.image.path(), &outside).unwrap();
    let cases = [
        (
            "make_partition",
            json!([name, 2048, "4096"]),
            "PluginError",
            "Can only create unbounded partitions",
        ),
        (
            "make_partition",
            json!(["../etc/passwd", 2048, "-"]),
            "ArgumentError",
            "found one that leaves /dev",
        ),
        ("make_partition", json!([outside, 2048, "-"]), "ArgumentError", "found one that leaves /dev"),
        (
            "make_partition",
            json!([disk.image.path(), 2048, "-"]),
            "ArgumentError",
            "found one that leaves /dev",
        ),
        (
            "make_partition",
            json!(["null", 2048, "-"]),
            "OSError",
            "expected a block device, found something else",
        ),
        (
            "make_partition",
            json!(["no-such", 2048, "-"]),
            "OSError",
            "expected a block device, found nothing",
        ),
        ("make_partition", json!([name, 0, "-"]), "ArgumentError", "partition_start: expected 1 to"),
        (
            "make_partition",
            json!([name, "1;reboot", "-"]),
            "ArgumentError",
            "partition_start: expected an integer",
        ),
        ("make_partition", json!([name, 1_u64 << 40, "-"]), "SubprocessException", "sfdisk -uS"),
        ("mkfs", json!([name, 1, "ext3", null]), "SubprocessException", "partition table"),
        ("mkfs", json!([name, 0, "ext3", null]), "ArgumentError", "partnum: expected 1 to 128, found 0"),
        ("mkfs", json!([name, 1, "ntfs", null]), "PluginError", "Partition type ntfs not supported"),
        ("mkfs", json!([name, 1, "ext3", "-n"]), "ArgumentError", "label: expected at most 16"),
        ("wait_for_dev", json!(["/etc/passwd", 1]), "ArgumentError", "found one that leaves /dev"),
        (
            "wait_for_dev",
            json!(["xvdb", 3601]),
            "ArgumentError",
            "max_seconds: expected 0 to 3600, found 3601",
        ),
        ("wait_for_dev", json!(["xvdb", -1]), "ArgumentError", "max_seconds: expected an integer"),
    ];
    let failures = cases.each_ref().map(|(function, arguments, ..)| failure(&host, function, arguments));
    fs::remove_file(&outside).unwrap();
    for ((class, message), (function, arguments, expected, said)) in failures.into_iter().zip(cases) {
        assert_eq!(class, expected, "{function} {arguments}: {message}");
        assert!(message.contains(said), "{message:?} does not say {said:?}");
    }
    call(&host, "make_partition", &json!([name, 2048, "-"]));
    let (class, message) = failure(&host, "mkfs", &json!([name, 2, "ext3", null]));
    assert_eq!(
        (class.as_str(), message),
        ("PluginError", format!("{} has no partition 2", disk.path.display()))
    );
    for (variable, value, class) in [
        ("VHD_PORTER_PROGRAMS_MKFS", "/nonexistent/mkfs", "CommandNotFound"),
        ("VHD_PORTER_PROGRAMS_MKFS", "/bin/false", "SubprocessException"),
        ("VHD_PORTER_PROGRAMS_LOSETUP", "/bin/echo", "SubprocessException"),
    ] {
        host.set(variable, value);
        assert_eq!(failure(&host, "mkfs", &json!([name, 1, "ext3", null])).0, class);
        assert_eq!(disk.windows(), "", "after {value}");
    }
}
