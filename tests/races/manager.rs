//! The storage manager: a model of its scan and its garbage collector, each in a process of real Python with real POSIX
//! locks.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/races/storage_manager.py");

/// A Python 3.
fn python() -> &'static str {
    if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

/// What the storage manager says of the SR as it is.
pub(crate) fn judge(sr: &Path) -> Value {
    let output = Command::new(python()).arg("-B").arg(SCRIPT).arg("judge").arg(sr).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// One that scans and collects all the while.
pub(crate) struct Manager(Vec<Child>);

/// What it did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(crate) scans: u64,
    pub(crate) collections: u64,
    pub(crate) removed: usize,
}

impl Manager {
    /// Starts it on `sr`, whose locks are in `locks`.
    pub(crate) fn start(sr: &Path, locks: &Path) -> Self {
        let start = |what| {
            let mut command = Command::new(python());
            command.arg("-B").arg(SCRIPT).arg(what).arg(sr).arg(locks);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
        };
        Self(["scan", "collect"].map(start).into())
    }

    /// Stops it; it must have met nothing that would trouble it.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Work {
        let mut reports = std::mem::take(&mut self.0).into_iter().map(|mut child| -> Value {
            drop(child.stdin.take());
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(report["violations"], serde_json::json!([]));
            report
        });
        let (scan, collect) = (reports.next().unwrap(), reports.next().unwrap());
        Work {
            scans: scan["done"].as_u64().unwrap(),
            collections: collect["done"].as_u64().unwrap(),
            removed: collect["removed"].as_array().unwrap().len(),
        }
    }
}

impl Drop for Manager {
    /// After a failed test.
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
