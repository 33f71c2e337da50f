//! What a plugin process may do: little, and less once it knows what it works on.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::json;

use crate::calls::in_json;
use crate::host::{Host, xml};
use crate::repository::Sr;

fn line(pid: u32, file: &str, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_plugin_gains_no_privileges_and_leaves_no_core() {
    let (host, sr, scratch) = (Host::new(), Sr::new(), tempfile::tempdir().unwrap());
    let image = scratch.path().join("image");
    rustix::fs::mkfifoat(rustix::fs::CWD, &image, rustix::fs::Mode::RWXU).unwrap();
    let writer = File::options().read(true).write(true).open(&image).unwrap();
    let arguments = json!({ "image": image, "sr_path": sr.text(), "tool": "embedded" }).to_string();
    let mut call = host.command("porter");
    call.arg(xml("import_image", &[("json", &arguments)]));
    let mut child = call.stdout(std::process::Stdio::null()).spawn().unwrap();
    let staging = loop {
        let mut entries = fs::read_dir(sr.path()).unwrap().map(|entry| entry.unwrap().path());
        if let Some(staging) = entries.find(|path| path.extension().is_some_and(|e| e == "staging")) {
            break staging;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    let pid = child.id();
    assert_eq!(line(pid, "status", "NoNewPrivs:"), "1");
    assert_eq!(line(pid, "status", "Umask:"), "0077");
    assert_eq!(line(pid, "limits", "Max core file size"), "0 0 bytes");
    let files: u64 = line(pid, "limits", "Max open files").split(' ').next().unwrap().parse().unwrap();
    assert!(files <= 1024, "{files}");
    assert_eq!(staging.metadata().unwrap().mode() & 0o777, 0o700);
    drop(writer);
    // An empty stream is no image; it ends by itself.
    drop(File::options().write(true).open(&image));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_lands_has_the_storage_managers_mode() {
    let (host, sr) = (Host::new(), Sr::new());
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ext4-single.tar.gz");
    let landed = in_json(&host, "porter", "import_image", &json!({ "image": image, "sr_path": sr.text() }));
    let uuid = landed["root"]["uuid"].as_str().unwrap().parse().unwrap();
    assert_eq!(sr.file(uuid).metadata().unwrap().mode() & 0o7777, 0o644);
}

/// A program that writes to `elsewhere` as often as it is started, and does nothing else.
fn writer(directory: &Path, elsewhere: &Path) -> String {
    let path = directory.join("writing-vhd-util");
    fs::write(&path, format!("#!/bin/sh\necho x > '{}'\nexit 7\n", elsewhere.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_call_writes_to_its_sr_and_so_do_its_children() {
    let probe = tempfile::tempdir().unwrap();
    // Only the thread is confined.
    let place = probe.path().to_owned();
    if !std::thread::spawn(move || vhd_porter::os::write_only_below(&[&place])).join().unwrap() {
        eprintln!("skipped: confined calls: because this kernel has no Landlock, or none that is new enough");
        return;
    }
    let (mut host, sr, scratch) = (Host::new(), Sr::new(), tempfile::tempdir().unwrap());
    let elsewhere = scratch.path().join("written");
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ext4-single.tar.gz");
    let arguments = json!({ "image": image, "sr_path": sr.text(), "tool": "vhd-util" }).to_string();
    for (target, reached) in [(elsewhere, false), (sr.path().join("written"), true)] {
        host.set("VHD_PORTER_VHD_UTIL", writer(scratch.path(), &target));
        let (class, message) = host.failure("porter", xml("import_image", &[("json", &arguments)]));
        assert_eq!(class, "SubprocessException", "{message}");
        assert_eq!(target.exists(), reached, "{message}");
    }
}
