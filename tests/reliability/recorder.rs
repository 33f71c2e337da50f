//! A disk that remembers every write: what it would hold had the power failed at any moment.
//!
//! `qemu-storage-daemon` shows an image as a file by FUSE and logs what is written and flushed, in the format of Linux'
//! dm-log-writes (qemu `block/blklogwrites.c`, Linux `Documentation/admin-guide/device-mapper/log-writes.rst`). A loop
//! device makes a disk of the file; the kernel turns its barriers into flushes.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{have, skipped};

const SECTOR: usize = 512;
/// The log's first eight bytes.
const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const DISCARD: u64 = 4;

/// What reached the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Bytes at an offset.
    Write(u64, Vec<u8>),
    /// All writes before are durable.
    Flush,
}

/// A file system in an image, mounted at the same place each time.
pub(crate) struct Disk {
    scratch: TempDir,
    mounted: bool,
    daemon: Option<Child>,
}

impl Disk {
    /// An empty one, of so many bytes.
    pub(crate) fn new(what: &str, mkfs: &[&str], bytes: u64) -> Option<Self> {
        let missing = [mkfs[0], "qemu-storage-daemon"].into_iter().find(|program| have(program).is_none());
        if let Some(program) = missing {
            skipped(what, &format!("there is no {program}"));
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            skipped(what, "only root can mount");
            return None;
        }
        let disk = Self { scratch: tempfile::tempdir().unwrap(), mounted: false, daemon: None };
        File::create(disk.file("base")).unwrap().set_len(bytes).unwrap();
        ran(Command::new(have(mkfs[0]).unwrap()).args(&mkfs[1..]).arg(disk.file("base")))?;
        fs::create_dir(disk.point()).unwrap();
        Some(disk)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Where it is mounted.
    pub(crate) fn point(&self) -> PathBuf {
        self.file("mnt")
    }

    /// Mounts the image that everything starts from. `None`, and why is said, where loop devices cannot be mounted.
    pub(crate) fn mount_base(&mut self) -> Option<()> {
        self.mount("base")
    }

    fn mount(&mut self, image: &str) -> Option<()> {
        ran(Command::new("mount").args(["-o", "loop"]).arg(self.file(image)).arg(self.point()))?;
        self.mounted = true;
        Some(())
    }

    /// Unmounts what is mounted.
    pub(crate) fn unmount(&mut self) {
        if !std::mem::take(&mut self.mounted) {
            return;
        }
        // A child that another thread is just starting has our open files for a moment.
        let start = Instant::now();
        while ran(Command::new("umount").arg(self.point())).is_none() {
            assert!(start.elapsed() < Duration::from_secs(10), "{} stays in use", self.point().display());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Mounts a copy of the base that remembers what is written to it.
    pub(crate) fn record(&mut self) -> Option<()> {
        self.copy_base("disk");
        for empty in ["log", "device"] {
            File::create(self.file(empty)).unwrap();
        }
        let node = |name: &str, more: &str| format!("node-name={name},{more}");
        let path = |name: &str| self.file(name).display().to_string();
        let daemon = Command::new("qemu-storage-daemon")
            .args(["--blockdev", &node("disk", &format!("driver=file,filename={}", path("disk")))])
            .args(["--blockdev", &node("log", &format!("driver=file,filename={}", path("log")))])
            .args(["--blockdev", &node("both", "driver=blklogwrites,file=disk,log=log,log-sector-size=512")])
            .args([
                "--export",
                &format!("fuse,id=e,node-name=both,mountpoint={},writable=on", path("device")),
            ])
            .stdin(Stdio::null())
            .spawn();
        self.daemon = Some(daemon.unwrap());
        let start = Instant::now();
        while self.file("device").metadata().unwrap().len() == 0 {
            if start.elapsed() > Duration::from_secs(10) {
                skipped("power failures", "qemu-storage-daemon shows no file: it may be built without FUSE");
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.mount("device")
    }

    /// What has been written up to now.
    pub(crate) fn log(&self) -> Vec<Entry> {
        entries(&fs::read(self.file("log")).unwrap())
    }

    /// Ends the recording.
    pub(crate) fn stop(&mut self) {
        self.unmount();
        if let Some(mut daemon) = self.daemon.take() {
            let pid = rustix::process::Pid::from_child(&daemon);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            daemon.wait().unwrap();
        }
    }

    /// Mounts what the disk would hold had just these entries reached it.
    pub(crate) fn mount_with<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>) -> Option<()> {
        self.copy_base("state");
        let state = File::options().write(true).open(self.file("state")).unwrap();
        for entry in entries {
            if let Entry::Write(offset, bytes) = entry {
                state.write_all_at(bytes, *offset).unwrap();
            }
        }
        self.mount("state")
    }

    fn copy_base(&self, to: &str) {
        let copied =
            ran(Command::new("cp").args(["--sparse=always"]).args([self.file("base"), self.file(to)]));
        copied.expect("copying an image");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if std::mem::take(&mut self.mounted) {
            let _ = Command::new("umount").arg("--lazy").arg(self.point()).status();
        }
        self.stop();
    }
}

/// Runs a program that has to succeed; else says what it said.
fn ran(command: &mut Command) -> Option<()> {
    let output = command.output().unwrap();
    if !output.status.success() {
        skipped(&format!("{command:?}"), String::from_utf8_lossy(&output.stderr).trim());
    }
    output.status.success().then_some(())
}

/// The entries of a log; one that is not all there ends it.
fn entries(log: &[u8]) -> Vec<Entry> {
    let word = |at: usize| Some(u64::from_le_bytes(log.get(at..at + 8)?.try_into().ok()?));
    // It is written with the first flush.
    assert!(word(0).is_none_or(|magic| magic == MAGIC || magic == 0), "no log of writes");
    let (mut entries, mut at) = (Vec::new(), SECTOR);
    while let (Some(sector), Some(count), Some(flags)) = (word(at), word(at + 8), word(at + 16)) {
        if (count, flags) == (0, 0) {
            break;
        }
        at += SECTOR;
        let len = if flags & DISCARD == 0 { usize::try_from(count).unwrap() * SECTOR } else { 0 };
        let Some(bytes) = log.get(at..at + len) else { break };
        at += len;
        if flags & FLUSH != 0 {
            entries.push(Entry::Flush);
        }
        if len > 0 {
            entries.push(Entry::Write(sector * SECTOR as u64, bytes.to_vec()));
        }
    }
    entries
}

/// Which entries of the first `cut` are on the disk when the power fails then: all up to the last flush, and of those
/// behind it the ones that `survives` picks.
pub(crate) fn on_disk<'a>(
    log: &'a [Entry],
    cut: usize,
    survives: impl Fn(usize) -> bool + 'a,
) -> impl Iterator<Item = &'a Entry> + 'a {
    let flushed = log[..cut].iter().rposition(|entry| *entry == Entry::Flush).unwrap_or(0);
    let picked = move |(index, _): &(usize, &Entry)| *index < flushed || survives(*index);
    log[..cut].iter().enumerate().filter(picked).map(|(_, entry)| entry)
}

/// Whether anything was written behind the last flush before `cut`.
pub(crate) fn has_volatile(log: &[Entry], cut: usize) -> bool {
    cut > 0 && log[cut - 1] != Entry::Flush
}

#[test]
fn a_log_of_writes_is_read() {
    let mut log = vec![0; SECTOR];
    log[..8].copy_from_slice(&MAGIC.to_le_bytes());
    let mut add = |sector: u64, count: u64, flags: u64, byte: u8| {
        let mut head: Vec<u8> =
            [sector, count, flags, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
        head.resize(SECTOR, 0);
        log.extend(head);
        log.extend(vec![byte; usize::try_from(count).unwrap() * SECTOR]);
    };
    add(8, 1, 0, 1);
    add(0, 0, FLUSH, 0);
    add(9, 2, 0, 2);
    log.pop();
    let read = entries(&log);
    assert_eq!(read, [Entry::Write(8 * 512, vec![1; 512]), Entry::Flush], "the last one was being written");
    assert_eq!(on_disk(&read, 1, |_| false).count(), 0);
    assert_eq!(on_disk(&read, 2, |_| false).count(), 1);
}
