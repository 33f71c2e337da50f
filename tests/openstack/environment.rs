//! What `tests/openstack/install` has installed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// This directory.
pub(crate) fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openstack").join(name)
}

/// The environment `name`, if what is installed is what is asked for today; else says that its tests skip.
pub(crate) fn environment(name: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("VHD_PORTER_TEST_CACHE").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-cache"));
    let installed = std::fs::read(cache.join(name).join("installed.txt")).ok();
    if installed == Some(std::fs::read(here(&format!("{name}.txt"))).unwrap()) {
        return Some(cache.join(name));
    }
    println!("skipped: {name} is not installed: run tests/openstack/install");
    None
}

/// A Python program that serves until its standard input ends, which it does at the latest when this process does.
pub(crate) struct Server {
    child: Child,
    input: Option<ChildStdin>,
}

impl Server {
    /// Starts the program `name` of this directory; returns the lines that it prints once it serves, or `None` if it could
    /// not, which it has said then.
    pub(crate) fn start(name: &str, words: &[&str], lines: usize) -> Option<(Self, Vec<String>)> {
        let mut child = Command::new("python3")
            .arg(here(name))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let printed = BufReader::new(child.stdout.take().unwrap()).lines().take(lines);
        let printed: Vec<String> = printed.map_while(Result::ok).collect();
        let server = Self { child, input };
        (printed.len() == lines).then_some((server, printed))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.input = None;
        self.child.wait().unwrap();
    }
}
