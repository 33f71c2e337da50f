//! An SR may hold what its server, or another host, has put there: nothing of that leads out of it.

use std::os::unix::fs::symlink;

use crate::support::{Disk, Porter, Snapshot, Sr};

#[test]
fn a_symlink_named_like_a_staging_area_leads_nowhere() {
    let (sr, elsewhere) = (Sr::new(), tempfile::tempdir().unwrap());
    // What a recovery would take for the rest of a run that died.
    for name in ["claim", "journal", "0.vhd"] {
        std::fs::write(elsewhere.path().join(name), "of somebody else").unwrap();
    }
    symlink(elsewhere.path(), sr.root().join(".vhd-porter-Abc123.staging")).unwrap();
    std::fs::write(sr.root().join(".vhd-porter-Xyz789.staging"), "a file").unwrap();
    let (before, outside) = (sr.snapshot(), Snapshot::of(elsewhere.path()));
    // It is told of them, and leaves them alone.
    let run = Porter::new(["recover", "--json", "--sr"]).arg(sr.root()).run();
    assert_eq!(run.json()["recovered"].as_array().map(Vec::len), Some(2), "{}", run.text());
    assert_eq!(sr.snapshot(), before);
    sr.import(Disk::new(9, 8 << 20).bytes());
    assert_eq!(Snapshot::of(elsewhere.path()), outside);
    assert_eq!(sr.arrived().len(), 3, "the two and what was imported");
}

#[test]
fn a_symlink_for_a_vdi_is_not_followed() {
    let (sr, elsewhere) = (Sr::new(), tempfile::tempdir().unwrap());
    let secret = elsewhere.path().join("secret.vhd");
    std::fs::write(&secret, Disk::new(9, 8 << 20).bytes()).unwrap();
    let vdi = "5ca3034b-0000-4000-8000-000000000000";
    symlink(&secret, sr.vdi(vdi)).unwrap();
    let before = sr.snapshot();
    let message = sr.exporting().args(["--json", "--vdi", vdi, "-o", "/dev/null"]).run().refused("system");
    assert!(message.starts_with("opening ") && message.contains(vdi), "{message}");
    let copied = Porter::new(["copy", "--json", "--sr"]).arg(sr.root()).args(["--vdi", vdi]).run();
    assert!(copied.refused("system").contains(vdi));
    assert_eq!(sr.snapshot(), before);
}
