//! The programs that judge, where this machine has them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// Runs `command`; fails with what it said unless it succeeds.
#[track_caller]
fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        said(&output.stdout),
        said(&output.stderr)
    );
    output
}

/// Whether `command` can be started and succeeds.
fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// qemu-img, which reads and writes VHDs without a parent.
pub(crate) struct QemuImg;

impl QemuImg {
    /// The program, if there is one.
    pub(crate) fn find() -> Option<Self> {
        let found = works(Command::new("qemu-img").arg("--version"));
        if !found {
            println!("skipped: no qemu-img");
        }
        found.then_some(Self)
    }

    /// Writes the disk of the VHD `from` to the raw file `to`.
    pub(crate) fn to_raw(&self, from: &Path, to: &Path) {
        succeed(Command::new("qemu-img").args(["convert", "-f", "vpc", "-O", "raw"]).arg(from).arg(to));
    }

    /// Writes the raw file `from` to the VHD `to`, made with `options`.
    pub(crate) fn to_vhd(&self, from: &Path, to: &Path, options: &str) {
        let arguments = ["convert", "-f", "raw", "-O", "vpc", "-o", options];
        succeed(Command::new("qemu-img").args(arguments).arg(from).arg(to));
    }

    /// Fails unless the disk of `vhd` is the raw file `raw`.
    pub(crate) fn compare(&self, vhd: &Path, raw: &Path) {
        let arguments = ["compare", "-f", "vpc", "-F", "raw"];
        succeed(Command::new("qemu-img").args(arguments).arg(vhd).arg(raw));
    }
}

/// `fixtures/read_chain.py`: a reader of chains made from the format alone, and libvhdi.
pub(crate) struct ChainReader {
    python: &'static str,
    /// Whether libvhdi reads as well.
    pub(crate) has_libvhdi: bool,
}

impl ChainReader {
    /// The reader, if there is a Python 3; preferably one that has libvhdi.
    pub(crate) fn find() -> Option<Self> {
        // Distributions install libvhdi for their own Python, which may not be the first on PATH.
        let pythons = ["python3", "/usr/bin/python3"];
        let runs = |python: &str, script| works(Command::new(python).args(["-c", script]));
        let with_libvhdi = pythons.into_iter().find(|python| runs(python, "import pyvhdi"));
        let any =
            with_libvhdi.or_else(|| pythons.into_iter().find(|python| runs(python, "import dataclasses")));
        match (with_libvhdi, any) {
            (_, None) => println!("skipped: no Python 3"),
            (None, _) => println!("skipped: libvhdi (no Python 3 has pyvhdi)"),
            _ => {}
        }
        any.map(|python| Self { python, has_libvhdi: with_libvhdi.is_some() })
    }

    /// The disk of the chain `links`, leaf first, and who has read it.
    pub(crate) fn read(&self, links: &[PathBuf], scratch: &Path) -> (Vec<u8>, Vec<String>) {
        let script = crate::fixtures::path("read_chain.py");
        let output = succeed(Command::new(self.python).arg(script).args(links).arg("--raw").arg(scratch));
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let readers = said["readers"].as_array().unwrap().iter();
        let readers = readers.map(|reader| reader.as_str().unwrap().to_owned()).collect();
        (std::fs::read(scratch).unwrap(), readers)
    }
}

/// The real `vhd-util`, where `VHD_PORTER_TEST_VHD_UTIL` names one.
pub(crate) struct VhdUtil(PathBuf);

impl VhdUtil {
    /// The program, if one is named.
    pub(crate) fn find() -> Option<&'static Self> {
        static FOUND: LazyLock<Option<VhdUtil>> =
            LazyLock::new(|| std::env::var_os("VHD_PORTER_TEST_VHD_UTIL").map(|path| VhdUtil(path.into())));
        if FOUND.is_none() {
            println!("skipped: VHD_PORTER_TEST_VHD_UTIL names no real vhd-util");
        }
        FOUND.as_ref()
    }

    /// What `vhd-util COMMAND -n IMAGE ARGUMENTS` prints.
    #[track_caller]
    pub(crate) fn run(&self, command: &str, image: &Path, arguments: &[&str]) -> Vec<u8> {
        succeed(Command::new(&self.0).args([command, "-n"]).arg(image).args(arguments)).stdout
    }

    /// Its lines.
    #[track_caller]
    pub(crate) fn lines(&self, command: &str, image: &Path, arguments: &[&str]) -> Vec<String> {
        let stdout = String::from_utf8(self.run(command, image, arguments)).unwrap();
        stdout.lines().map(str::to_owned).collect()
    }
}
