//! `--sr-uuid` and `--scan`: an SR by its uuid, and xapi told of what has landed.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::xapi::{Reply, Xapi};

const SR: &str = "5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11";
const VDI: &str = "aaaaaaaa-0000-4000-8000-000000000000";
/// What is asked about an SR before anything is done with it.
const LOOKED_UP: [&str; 6] = [
    "session.login_with_password",
    "SR.get_by_uuid",
    "SR.get_type",
    "session.get_this_host",
    "PBD.get_all_records_where",
    "session.logout",
];

/// A host with an SR, and maybe a xapi.
struct Dom0 {
    place: TempDir,
}

impl Dom0 {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("mounts").join(SR)).unwrap();
        Self { place }
    }

    /// A xapi that knows the SR, and scans it.
    fn xapi(&self) -> Xapi {
        let xapi = Xapi::on_socket(&self.place.path().join("xapi"));
        xapi.on("SR.get_by_uuid", Reply::Success(json!("OpaqueRef:sr")));
        xapi.on("SR.get_type", Reply::Success(json!("nfs")));
        xapi.on("session.get_this_host", Reply::Success(json!("OpaqueRef:host")));
        let pbd = json!({ "OpaqueRef:pbd": { "host": "OpaqueRef:host", "currently_attached": true } });
        xapi.on("PBD.get_all_records_where", Reply::Success(pbd));
        xapi.on("SR.scan", Reply::Success(json!("")));
        xapi
    }

    fn sr(&self) -> PathBuf {
        self.place.path().join("mounts").join(SR)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vhd-porter"));
        command.args(arguments).current_dir(self.place.path());
        command.env("VHD_PORTER_XAPI_URL", format!("unix:{}", self.place.path().join("xapi").display()));
        command.env("VHD_PORTER_SR_MOUNTS", self.place.path().join("mounts"));
        command.env("VHD_PORTER_XAPI_INVENTORY", "/nonexistent/inventory");
        command.env("VHD_PORTER_XAPI_TIMEOUT", "1");
        command.env("VHD_PORTER_VHD_UTIL", "no-vhd-util");
        command.output().unwrap()
    }

    /// Imports one VDI with these options and `--json`: exit code and document.
    fn import(&self, options: &[&str]) -> (Option<i32>, Value) {
        let image = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ext4-single.tar.gz");
        let output = self.run(&[&["import", image, "--json", "--uuid", VDI], options].concat());
        (output.status.code(), document(&output))
    }

    fn landed(&self) -> usize {
        fs::read_dir(self.sr()).unwrap().count()
    }
}

fn document(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"))
}

fn message(document: &Value) -> &str {
    document["error"]["message"].as_str().unwrap()
}

#[test]
fn an_sr_is_found_by_its_uuid_and_scanned() {
    let dom0 = Dom0::new();
    let xapi = dom0.xapi();
    let (status, document) = dom0.import(&["--sr-uuid", SR, "--scan"]);
    assert_eq!((status, &document["scanned"]), (Some(0), &json!(true)), "{document}");
    assert_eq!((&document["root"]["uuid"], dom0.landed()), (&json!(VDI), 1));
    let mut expected = LOOKED_UP.to_vec();
    expected.extend(&LOOKED_UP[..5]);
    expected.extend(["SR.scan", "session.logout"]);
    assert_eq!(xapi.methods(), expected);
}

#[test]
fn every_command_that_takes_an_sr_takes_its_uuid() {
    let dom0 = Dom0::new();
    let xapi = dom0.xapi();
    assert_eq!(dom0.import(&["--sr-uuid", SR]).0, Some(0));
    assert_eq!(xapi.methods(), LOOKED_UP);
    for arguments in [
        &["inspect"][..],
        &["check"],
        &["copy", "--vdi", VDI],
        &["export", "--vdi", VDI, "-o", "image.tar.gz"],
    ] {
        let output = dom0.run(&[arguments, &["--sr-uuid", SR, "--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", document(&output));
        assert!(document(&output).to_string().contains(VDI), "{arguments:?}");
        assert_eq!(xapi.methods(), LOOKED_UP, "{arguments:?}");
    }
    assert_eq!(dom0.landed(), 2);
}

#[test]
fn without_xapi_the_directory_is_enough_but_for_a_scan() {
    let dom0 = Dom0::new();
    let (status, document) = dom0.import(&["--sr-uuid", SR, "--scan"]);
    assert_eq!((status, &document["error"]["kind"]), (Some(1), &json!("xapi")));
    assert!(message(&document).starts_with("no xapi at unix:"), "{document}");
    assert_eq!(dom0.landed(), 0, "nothing lands that cannot be scanned");
    let (status, document) = dom0.import(&["--sr-uuid", SR]);
    assert_eq!((status, document.get("scanned"), dom0.landed()), (Some(0), None, 1));
}

#[test]
fn a_directory_among_the_mounts_has_its_uuid() {
    let dom0 = Dom0::new();
    let xapi = dom0.xapi();
    std::os::unix::fs::symlink(dom0.place.path().join("mounts"), dom0.place.path().join("link")).unwrap();
    let (status, document) = dom0.import(&["--sr", &format!("link/{SR}"), "--scan"]);
    assert_eq!((status, &document["scanned"]), (Some(0), &json!(true)), "{document}");
    let asked = xapi.calls();
    assert!(asked.contains(&("SR.get_by_uuid".to_owned(), vec![json!(SR)])), "{asked:?}");
    // Of the right name, but somewhere else; and somewhere else altogether.
    for directory in [SR, "elsewhere"] {
        fs::create_dir(dom0.place.path().join(directory)).unwrap();
        let (status, document) = dom0.import(&["--sr", directory, "--scan"]);
        assert_eq!(status, Some(2));
        assert!(message(&document).contains("name it with --sr-uuid"), "{document}");
    }
    assert_eq!(xapi.methods(), [""; 0]);
}

#[test]
fn an_sr_that_cannot_take_files_is_refused_before_anything_lands() {
    for (method, reply, expected) in [
        (
            "SR.get_by_uuid",
            Reply::failure(&["UUID_INVALID", "SR", SR]),
            "SR.get_by_uuid: ['UUID_INVALID', 'SR',",
        ),
        (
            "SR.get_type",
            Reply::Success(json!("lvmoiscsi")),
            "expected a type that keeps VHD files, such as ext, nfs or smb",
        ),
        (
            "PBD.get_all_records_where",
            Reply::Success(json!({})),
            "plugged on this host (xe pbd-plug), found no PBD",
        ),
        (
            "PBD.get_all_records_where",
            Reply::Success(json!({ "OpaqueRef:pbd": { "currently_attached": false } })),
            "found an unplugged PBD",
        ),
        (
            "session.login_with_password",
            Reply::Silence(vec![]),
            "calling session.login_with_password of xapi",
        ),
        (
            "SR.get_by_uuid",
            Reply::Success(json!("\" or \"")),
            "SR.get_by_uuid: expected a reference to an SR",
        ),
    ] {
        let dom0 = Dom0::new();
        let xapi = dom0.xapi();
        xapi.on(method, reply);
        for options in [&["--sr-uuid", SR][..], &["--sr-uuid", SR, "--scan"]] {
            let (status, document) = dom0.import(options);
            assert_eq!((status, &document["error"]["kind"]), (Some(1), &json!("xapi")), "{document}");
            assert!(message(&document).contains(expected), "{document}");
        }
        assert_eq!(dom0.landed(), 0);
        assert!(!xapi.methods().contains(&"SR.scan".to_owned()));
    }
}

#[test]
fn a_scan_that_fails_does_not_hide_the_import() {
    let dom0 = Dom0::new();
    let xapi = dom0.xapi();
    xapi.on("SR.scan", Reply::failure(&["SR_BACKEND_FAILURE_40", "", "The SR scan failed", ""]));
    let (status, document) = dom0.import(&["--sr-uuid", SR, "--scan"]);
    assert_eq!(
        (status, &document["scanned"], &document["root"]["uuid"]),
        (Some(1), &json!(false), &json!(VDI))
    );
    let said = message(&document);
    assert!(said.starts_with("the import is done, but xapi has not scanned SR 5ca3034b"), "{said}");
    assert!(said.contains("'SR_BACKEND_FAILURE_40'") && said.contains("xe sr-scan uuid=5ca3034b"), "{said}");
    assert_eq!(dom0.landed(), 1);
    // The same in words.
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ext4-single.tar.gz");
    let output = dom0.run(&["import", image, "--sr-uuid", SR, "--scan"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("imported"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("vhd-porter: the import is done, but"));
}

#[test]
fn what_does_not_fit_together_is_wrong_usage() {
    let dom0 = Dom0::new();
    for options in [
        &["--sr-uuid", SR, "--sr", "x"][..],
        &["--sr-uuid", SR, "--create-sr"],
        &["--sr", "x", "--create-sr", "--scan"],
        &["--sr-uuid", SR, "--scan", "--dry-run"],
        &["--sr-uuid", "../../etc"],
        &[],
    ] {
        let (status, document) = dom0.import(options);
        assert_eq!((status, &document["error"]["kind"]), (Some(2), &json!("usage")), "{options:?}");
    }
    for arguments in
        [&["check"][..], &["check", "f", "--sr-uuid", SR], &["inspect", "--sr", "x", "--sr-uuid", SR]]
    {
        assert_eq!(dom0.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
