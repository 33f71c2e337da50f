//! Judges that share no code with the program: digests by coreutils, guest content by Python and libvhdi.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Lower-case hex SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// What `md5sum` or `sha256sum` says of a file.
pub(crate) fn digest_program(program: &str, path: &Path) -> String {
    let output = Command::new(program).arg(path).output().expect("coreutils are there");
    let text = String::from_utf8(output.stdout).expect("a digest is ASCII");
    text.split_whitespace().next().expect("a digest").trim_start_matches('\\').to_owned()
}

/// Whether a program is on `PATH` or where administrators' programs are.
pub(crate) fn have(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|dir| dir.join(program)).find(|p| p.is_file())
}

/// A Python 3; the system's where there is one, as that is the one that knows `pyvhdi`.
pub(crate) fn python() -> &'static Path {
    static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
        let system = PathBuf::from("/usr/bin/python3");
        if system.exists() { system } else { have("python3").expect("tests need Python 3") }
    });
    &PYTHON
}

/// The disk that a guest sees: size, SHA-256. `links` are given leaf first; readers that disagree are a failure.
#[track_caller]
pub(crate) fn guest(links: &[impl AsRef<Path>]) -> (u64, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/read_chain.py");
    let mut command = Command::new(python());
    command.arg("-B").arg(script).args(links.iter().map(AsRef::as_ref));
    let output = command.output().expect("Python runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "reading the guest's disk: {said}");
    let found: Value = serde_json::from_slice(&output.stdout).expect("read_chain.py writes JSON");
    let size = found["size"].as_u64().expect("a size");
    (size, found["sha256"].as_str().expect("a digest").to_owned())
}
