//! `migration.transfer_vhd`: a chain goes to another host, link by link, by real rsync over a real SSH server.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::calls::{in_every_way, in_json};
use crate::host::{Host, xml};
use crate::repository::{Sr, make_chain, some_uuids};
use crate::sshd::{Sshd, program, user};

const FUNCTION: &str = "transfer_vhd";

/// A host with an SR to send from, and the directory that is `/images` on the other host.
struct Sender {
    host: Host,
    sr: Sr,
    images: TempDir,
    instance: Uuid,
}

impl Sender {
    fn new() -> Self {
        let (mut host, images) = (Host::new(), TempDir::new().unwrap());
        host.set("VHD_PORTER_IMAGES", images.path());
        host.set("VHD_PORTER_MIGRATION_USER", user());
        Self { host, sr: Sr::new(), images, instance: Uuid::new_v4() }
    }

    fn arguments(&self, peer: &str, vdi: Uuid, place: u64) -> Vec<(&'static str, Value)> {
        vec![
            ("instance_uuid", json!(self.instance)),
            ("host", json!(peer)),
            ("vdi_uuid", json!(vdi)),
            ("sr_path", json!(self.sr.text())),
            ("seq_num", json!(place)),
        ]
    }

    fn document(&self, peer: &str, vdi: Uuid, place: u64) -> Value {
        json!({ "args": self.arguments(peer, vdi, place).into_iter().map(|(_, value)| value).collect::<Value>() })
    }

    fn sends(&self, peer: &str, vdi: Uuid, place: u64) {
        let result = in_json(&self.host, "migration.py", FUNCTION, &self.document(peer, vdi, place));
        assert_eq!(result, Value::Null);
    }

    /// The class and message of the failure; the SR is as it was.
    fn fails(&self, document: &Value) -> (String, String) {
        let before = self.sr.content();
        let failure = self.host.failure("migration.py", xml(FUNCTION, &[("json", &document.to_string())]));
        assert_eq!(self.sr.content(), before, "after {failure:?}");
        failure
    }

    fn directory(&self) -> PathBuf {
        self.images.path().join(format!("instance{}", self.instance))
    }

    fn received(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.directory()) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The other host takes over what has arrived; the disk of its leaf.
    fn moves_in(&self, links: usize) -> Vec<u8> {
        let (sr, stack) = (Sr::new(), some_uuids(links));
        let document = json!({ "args": [self.instance, sr.text(), stack] });
        in_json(&self.host, "migration.py", "move_vhds_into_sr", &document);
        sr.disk(*stack.last().unwrap())
    }
}

/// A program of the tests'.
fn script(directory: &Path, content: &str) -> PathBuf {
    let path = directory.join("script");
    fs::write(&path, format!("#!/bin/sh\n{content}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn have_rsync() -> bool {
    let have = program("rsync").is_some();
    if !have {
        println!("skipped: there is no rsync");
    }
    have
}

#[test]
fn a_chain_arrives_over_ssh_and_becomes_the_same_disk() {
    let Some(sshd) = Sshd::start(None) else { return };
    let mut sender = Sender::new();
    sender.host.set("VHD_PORTER_PROGRAMS_SSH", sshd.ssh());
    let chain = sender.sr.chain(3);
    let before = sender.sr.content();
    for (place, vdi) in [(2, chain[2]), (1, chain[1]), (0, chain[0])] {
        sender.sends("localhost", vdi, place);
    }
    assert!(sshd.log().contains("Accepted publickey"), "{}", sshd.log());
    assert_eq!(sender.received(), ["0.vhd", "1.vhd", "2.vhd"]);
    assert_eq!(fs::metadata(sender.directory()).unwrap().mode() & 0o777, 0o700, "private there as well");
    let arrived = fs::metadata(sender.directory().join("0.vhd")).unwrap();
    assert!(arrived.blocks() * 512 < arrived.len(), "its holes are holes");
    assert_eq!(sender.sr.content(), before);
    assert!(sender.moves_in(3) == sender.sr.disk(chain[0]), "another disk");
}

#[test]
fn every_client_sends_to_an_address_of_this_host_without_ssh() {
    if !have_rsync() {
        return;
    }
    let mut sender = Sender::new();
    sender.host.set("VHD_PORTER_PROGRAMS_SSH", "/bin/false");
    let [vdi] = sender.sr.chain(1)[..] else { panic!("one link") };
    let (bytes, before) = (fs::read(sender.sr.file(vdi)).unwrap(), sender.sr.content());
    in_every_way(
        &sender.host,
        "migration",
        FUNCTION,
        || (sender.arguments("127.0.0.1", vdi, 7), ()),
        |(), result| {
            assert_eq!(*result, Value::Null);
            // Sent again and again, over what is there: only the last is looked at.
            assert_eq!(sender.received(), ["7.vhd"]);
        },
    );
    assert!(fs::read(sender.directory().join("7.vhd")).unwrap() == bytes, "another file");
    assert_eq!(sender.sr.content(), before);
}

#[test]
fn what_is_there_already_is_not_trusted_by_its_size_and_time() {
    if !have_rsync() {
        return;
    }
    let sender = Sender::new();
    let [vdi] = sender.sr.chain(1)[..] else { panic!("one link") };
    sender.sends("127.0.0.1", vdi, 0);
    let there = sender.directory().join("0.vhd");
    let (bytes, time) = (fs::read(&there).unwrap(), fs::metadata(&there).unwrap().modified().unwrap());
    fs::write(&there, vec![0; bytes.len()]).unwrap();
    fs::File::options().write(true).open(&there).unwrap().set_modified(time).unwrap();
    sender.sends("127.0.0.1", vdi, 0);
    assert!(fs::read(&there).unwrap() == bytes, "zeros were left");
}

#[test]
fn a_disk_without_its_last_footer_arrives_whole() {
    if !have_rsync() {
        return;
    }
    let sender = Sender::new();
    let [vdi] = sender.sr.chain(1)[..] else { panic!("one link") };
    let disk = sender.sr.disk(vdi);
    // As tapdisk leaves it while it is attached.
    let file = fs::File::options().read(true).write(true).open(sender.sr.file(vdi)).unwrap();
    let end = file.metadata().unwrap().len() - 512;
    std::os::unix::fs::FileExt::write_all_at(&file, &[0; 512], end).unwrap();
    let before = sender.sr.content();
    sender.sends("127.0.0.1", vdi, 0);
    assert_eq!(sender.sr.content(), before, "the VDI itself is not touched");
    assert!(sender.moves_in(1) == disk, "another disk");
}

#[test]
fn what_goes_wrong_on_the_way_is_told_with_what_rsync_said() {
    let Some(sshd) = Sshd::start(None) else { return };
    let mut sender = Sender::new();
    let [vdi] = sender.sr.chain(1)[..] else { panic!("one link") };
    for (ssh, peer, said) in [
        (sshd.ssh_of_a_stranger(), "localhost", "Permission denied"),
        (sshd.ssh_that_has_not_met_it(), "localhost", "Host key verification failed"),
        (sshd.ssh(), "no-such-host.invalid", "Could not resolve hostname"),
    ] {
        sender.host.set("VHD_PORTER_PROGRAMS_SSH", ssh);
        let (class, message) = sender.fails(&sender.document(peer, vdi, 0));
        assert_eq!(class, "SubprocessException", "{message}");
        assert!(message.contains(said), "{message:?} does not say {said:?}");
        assert!(sender.received().is_empty());
    }
    // A peer whose /images is missing.
    sender.host.set("VHD_PORTER_PROGRAMS_SSH", sshd.ssh());
    sender.host.set("VHD_PORTER_IMAGES", sender.images.path().join("missing"));
    let (class, message) = sender.fails(&sender.document("localhost", vdi, 0));
    assert_eq!(class, "SubprocessException");
    assert!(message.contains("No such file or directory"), "{message}");
}

#[test]
fn a_server_that_dies_in_between_leaves_no_file() {
    let scratch = TempDir::new().unwrap();
    let cut = "(dd bs=4096 count=100; kill -9 $PPID) | eval \"$SSH_ORIGINAL_COMMAND\"";
    let Some(sshd) = Sshd::start(Some(&script(scratch.path(), cut))) else { return };
    let mut sender = Sender::new();
    sender.host.set("VHD_PORTER_PROGRAMS_SSH", sshd.ssh());
    let [vdi] = sender.sr.chain(1)[..] else { panic!("one link") };
    let (class, message) = sender.fails(&sender.document("localhost", vdi, 0));
    assert_eq!(class, "SubprocessException", "{message}");
    assert!(message.contains("rsync error"), "{message}");
    assert!(!sender.received().contains(&"0.vhd".to_owned()), "{:?}", sender.received());
}

#[test]
fn a_peer_that_is_full_says_so() {
    let Some(sshd) = Sshd::start(None) else { return };
    let mut sender = Sender::new();
    let mount = |arguments: &[&str]| {
        Command::new(arguments[0]).args(&arguments[1..]).arg(sender.images.path()).status().unwrap().success()
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs"]) {
        println!("skipped: cannot mount a small file system");
        return;
    }
    sender.host.set("VHD_PORTER_PROGRAMS_SSH", sshd.ssh());
    let big = Uuid::new_v4();
    make_chain(sender.sr.path(), &[format!("{big}.vhd")]);
    // Data that is no hole.
    let file = fs::File::options().write(true).open(sender.sr.file(big)).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[7; 1 << 20], 1 << 20).unwrap();
    let (class, message) = sender.fails(&sender.document("localhost", big, 0));
    let received = sender.received();
    // The other side of rsync may not be gone yet.
    assert!(Command::new("umount").arg("--lazy").arg(sender.images.path()).status().unwrap().success());
    assert_eq!(class, "SubprocessException", "{message}");
    // rsync loses what the other side complains of when that ends first.
    let said = ["No space left on device", "the file system of the other host is full"];
    assert!(said.iter().any(|said| message.contains(said)), "{message}");
    assert!(!received.contains(&"0.vhd".to_owned()), "{received:?}");
}

#[test]
fn a_shell_that_hangs_is_not_waited_for() {
    if !have_rsync() {
        return;
    }
    let (mut sender, scratch) = (Sender::new(), TempDir::new().unwrap());
    let [vdi] = sender.sr.chain(1)[..] else { panic!("one link") };
    let hanging = script(scratch.path(), "exec sleep 600");
    sender.host.set("VHD_PORTER_PROGRAMS_SSH", hanging.as_os_str());
    sender.host.set("VHD_PORTER_MIGRATION_IDLE_TIMEOUT", "1");
    let (class, message) = sender.fails(&sender.document("localhost", vdi, 0));
    assert_eq!(class, "SubprocessException");
    assert!(message.ends_with("was silent for 1 s and was killed"), "{message}");
}

#[test]
fn a_disk_that_is_written_meanwhile_is_to_be_sent_again() {
    if !have_rsync() {
        return;
    }
    let (mut sender, scratch) = (Sender::new(), TempDir::new().unwrap());
    let [vdi] = sender.sr.chain(1)[..] else { panic!("one link") };
    let touching = format!("touch {}; exec rsync \"$@\"", sender.sr.file(vdi).display());
    sender.host.set("VHD_PORTER_PROGRAMS_RSYNC", script(scratch.path(), &touching));
    let (class, message) = sender.fails(&sender.document("127.0.0.1", vdi, 0));
    assert_eq!(class, "RetryableError");
    assert!(message.contains(&format!("{vdi}.vhd was written while it was sent")), "{message}");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_run() {
    let mut sender = Sender::new();
    sender.host.set("VHD_PORTER_PROGRAMS_RSYNC", "/nonexistent/rsync");
    let [vdi] = sender.sr.chain(1)[..] else { panic!("one link") };
    let [damaged, missing] = some_uuids(2)[..] else { panic!("two uuids") };
    fs::write(sender.sr.file(damaged), [7; 4096]).unwrap();
    let with = |index: usize, value: Value| {
        let mut document = sender.document("localhost", vdi, 0);
        document["args"][index] = value;
        document
    };
    for (document, class, said) in [
        (with(0, json!("/../../etc")), "ArgumentError", "malformed uuid"),
        (with(1, json!("-oProxyCommand=id")), "ArgumentError", "host: expected a name or an address"),
        (with(1, json!("host:/etc")), "ArgumentError", "host: expected"),
        (with(1, json!(7)), "ArgumentError", "argument host: expected text, found int"),
        (with(2, json!("../x")), "ArgumentError", "malformed uuid"),
        (with(3, json!("/tmp/nonexistent")), "OSError", "expected the directory of an SR, found nothing"),
        (with(3, json!("/etc")), "ArgumentError", "sr_path: expected the directory of an SR below"),
        (with(4, json!(1000)), "ArgumentError", "sequence number: expected 0 to 999, found 1000"),
        (with(4, json!("-1")), "ArgumentError", "argument seq_num: expected an integer"),
        (with(2, json!(missing)), "OSError", "is not in"),
        (with(2, json!(damaged)), "Exception", "footer"),
        (with(0, json!(sender.instance)), "CommandNotFound", "no program \"/nonexistent/rsync\" was found"),
    ] {
        let (found, message) = sender.fails(&document);
        assert_eq!(found, class, "{message}");
        assert!(message.contains(said), "{message:?} does not say {said:?}");
        assert!(sender.received().is_empty());
    }
}
