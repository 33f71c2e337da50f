//! Import, export and copy on the file systems that SRs are made of, mounted where root can.

use std::path::Path;
use std::process::Command;

use uuid::Uuid;

use crate::support::{Disk, Fixture, Mount, Porter, Run, Sr, chain, guest, have, skipped};

/// Everything once, in an SR on `mount`.
fn trio(mount: &Mount) {
    let fixture = Fixture::ext4_chain();
    let sr = Sr::at(&mount.path().join("sr"));
    let vdis = chain(&sr.importing(&fixture.path).run().done());
    sr.assert_chain(&vdis);
    assert_eq!(guest(&sr.files(&vdis)), fixture.raw(0), "imported");
    let before = sr.snapshot();
    let image = mount.path().join("image.tgz");
    let leaf = vdis[0].to_string();
    sr.exporting().args(["--chain", "--vdi", &leaf, "-o"]).arg(&image).run().done();
    assert_eq!(sr.snapshot(), before);
    let again = Sr::at(&mount.path().join("again"));
    let back = chain(&again.importing(&image).run().done());
    assert_eq!(guest(&again.files(&back)), fixture.raw(0), "exported");
    let copies = chain(&copy(&sr, &vdis));
    sr.assert_chain(&copies);
    assert_eq!(guest(&sr.files(&copies)), fixture.raw(0), "copied");
}

fn copy(sr: &Sr, vdis: &[Uuid]) -> Run {
    Porter::new(["copy", "--json", "--sr"]).arg(sr.root()).vdis(vdis).run().done()
}

/// Bytes in use on the file system at `path`.
fn used(path: &Path) -> u64 {
    Command::new("sync").arg("-f").arg(path).status().unwrap();
    let stat = rustix::fs::statvfs(path).unwrap();
    (stat.f_blocks - stat.f_bfree) * stat.f_frsize
}

/// Copies a disk of 24 MiB of data; returns what was written more, the note of it, and the two files.
fn copy_of_24_mib(mount: &Mount) -> (u64, String, Vec<std::path::PathBuf>) {
    let disk = (0..12).fold(Disk::new(7, 64 << 20), |disk, block| disk.block(block * 2, 7));
    let sr = Sr::at(&mount.path().join("large"));
    let vdis = sr.import(disk.bytes());
    let before = used(mount.path());
    let run = copy(&sr, &vdis);
    let copies = chain(&run);
    let files = sr.files(&[vdis[0], copies[0]]);
    assert_eq!(guest(&files[..1]), guest(&files[1..]));
    (used(mount.path()).saturating_sub(before), run.json()["notes"].to_string(), files)
}

#[test]
fn on_tmpfs() {
    let Some(mount) = Mount::tmpfs("an SR on tmpfs", 256 << 20) else { return };
    trio(&mount);
    let (more, notes, _) = copy_of_24_mib(&mount);
    assert!((24 << 20..26 << 20).contains(&more), "{more} bytes for a copy of 24 MiB");
    assert!(!notes.contains("shares"), "{notes}");
}

#[test]
fn on_ext4() {
    let Some(mount) = Mount::looped("an SR on ext4", &["mkfs.ext4", "-q"], 256 << 20) else { return };
    trio(&mount);
    let (more, notes, _) = copy_of_24_mib(&mount);
    assert!((24 << 20..26 << 20).contains(&more), "{more} bytes for a copy of 24 MiB");
    assert!(!notes.contains("shares"), "{notes}");
}

#[test]
fn on_xfs_a_copy_shares_its_storage() {
    let mkfs = ["mkfs.xfs", "-q", "-m", "reflink=1"];
    let Some(mount) = Mount::looped("an SR on XFS", &mkfs, 512 << 20) else { return };
    trio(&mount);
    let (more, notes, files) = copy_of_24_mib(&mount);
    assert!(more < 1 << 20, "{more} bytes for a copy that shares");
    assert!(notes.contains("shares its storage with the copy"), "{notes}");
    let Some(filefrag) = have("filefrag") else {
        return skipped("extents of a copy on XFS", "there is no filefrag");
    };
    for file in files {
        let output = Command::new(&filefrag).arg("-v").arg(&file).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let shared = text.lines().filter(|line| line.contains("shared")).count();
        assert!(shared > 0, "{text}");
    }
}
