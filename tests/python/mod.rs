//! The Pythons of this machine, as clients of the plugins.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// A Python that runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Python {
    program: PathBuf,
    /// As `2.7.18`.
    pub(crate) version: String,
}

/// A call that a Python is to make, with arguments in JSON.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) function: &'static str,
    pub(crate) args: serde_json::Value,
    pub(crate) kwargs: serde_json::Value,
    pub(crate) protocol: u8,
}

impl Request {
    fn to_json(&self) -> String {
        let Self { function, args, kwargs, protocol } = self;
        serde_json::json!({ "function": function, "args": args, "kwargs": kwargs, "protocol": protocol })
            .to_string()
    }
}

impl Python {
    /// Every Python found: `python3` and `python2.7` on `PATH`, and what pyenv has installed. A program that does
    /// not run (pyenv leaves stubs on `PATH`) is none.
    pub(crate) fn all() -> &'static [Self] {
        static PYTHONS: LazyLock<Vec<Python>> = LazyLock::new(Python::find);
        &PYTHONS
    }

    fn find() -> Vec<Self> {
        let mut candidates: Vec<PathBuf> = vec!["python3".into(), "python2.7".into()];
        let versions = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv/versions"));
        let installed =
            versions.and_then(|versions| versions.read_dir().ok()).into_iter().flatten().flatten();
        candidates.extend(installed.map(|version| version.path().join("bin/python")));
        let mut pythons: Vec<Self> = Vec::new();
        for python in candidates.into_iter().filter_map(Self::probe) {
            if !pythons.iter().any(|known| known.version == python.version) {
                pythons.push(python);
            }
        }
        for major in ["2.7", "3."] {
            if !pythons.iter().any(|python| python.version.starts_with(major)) {
                println!("skipped: no Python {major} that runs");
            }
        }
        pythons
    }

    /// The program.
    pub(crate) fn program(&self) -> &std::path::Path {
        &self.program
    }

    fn probe(program: PathBuf) -> Option<Self> {
        let script = "import sys; sys.stdout.write('%d.%d.%d' % sys.version_info[:3])";
        let output = Command::new(&program).args(["-c", script]).output().ok()?;
        let version = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !version.is_empty()).then_some(Self { program, version })
    }

    /// What `exchange.py` writes when asked for `what`.
    pub(crate) fn exchange(&self, what: &str) -> Vec<String> {
        serde_json::from_slice(&self.run(what, &[])).expect("exchange.py writes JSON")
    }

    /// Gives `lines` to `exchange.py`; panics if that finds them wrong.
    pub(crate) fn check(&self, what: &str, lines: &[String]) {
        self.run(what, lines);
    }

    /// Gives `lines` to `exchange.py` and takes what it makes of them.
    pub(crate) fn convert(&self, what: &str, lines: &[String]) -> Vec<String> {
        serde_json::from_slice(&self.run(what, lines)).expect("exchange.py writes JSON")
    }

    /// The calls that this Python makes of `requests`; `None` where it has no such protocol.
    pub(crate) fn calls(&self, requests: &[Request]) -> Vec<Option<String>> {
        let requests: Vec<String> = requests.iter().map(Request::to_json).collect();
        let calls = self.convert("calls", &requests);
        calls.into_iter().map(|call| Some(call).filter(|call| !call.is_empty())).collect()
    }

    /// What this Python takes `answers` for.
    pub(crate) fn results(&self, answers: &[String]) -> Vec<serde_json::Value> {
        let results = self.convert("results", answers);
        results.iter().map(|result| serde_json::from_str(result).expect("exchange.py writes JSON")).collect()
    }

    fn run(&self, what: &str, lines: &[String]) -> Vec<u8> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/exchange.py");
        let mut command = Command::new(&self.program);
        command.arg(script).arg(what).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a Python that ran before");
        let given = serde_json::to_vec(lines).expect("texts have a JSON form");
        // One that does not read is one that was not asked to.
        let _ = child.stdin.take().expect("a pipe was asked for").write_all(&given);
        let output = child.wait_with_output().expect("the child is ours");
        assert!(output.status.success(), "Python {}: {what} failed", self.version);
        output.stdout
    }
}
