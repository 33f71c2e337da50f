//! Running `vhd-porter` as a process: what goes in, what comes out, and a deadline for everything.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use uuid::Uuid;

/// Longest that any run may take. Nothing here comes near it; a loop does.
const DEADLINE: Duration = Duration::from_secs(120);

/// A signal, and what must hold before it is sent.
type Planned = (Signal, Box<dyn Fn(Duration) -> bool>);

type Feed = Box<dyn FnOnce(&mut dyn Write) -> std::io::Result<()> + Send>;

/// A run to be.
pub(crate) struct Porter {
    command: Command,
    feed: Option<Feed>,
    signals: Vec<Planned>,
}

/// A run that ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// Exit code; -1 after a signal.
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    /// Most memory that was resident at once, KiB.
    pub(crate) peak_kib: u64,
}

impl Porter {
    /// The program with the first words of its command line.
    pub(crate) fn new<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vhd-porter"));
        // `auto` is the embedded engine, whatever the host has: tests that want the host's tool say so.
        command.args(args).env("VHD_PORTER_VHD_UTIL", "no-vhd-util-unless-a-test-names-one");
        // Nothing is remembered from one test to the next, and nothing of this host is read.
        command.env("VHD_PORTER_STATE", "/dev/null/none").env("VHD_PORTER_SR_LOCKS", "/dev/null/none");
        command.env("VHD_PORTER_SR_RESERVE", "0").env("VHD_PORTER_SR_ROOTS", "/tmp:/var/tmp:/dev/shm");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, feed: None, signals: Vec::new() }
    }

    /// Another word.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// More words.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// `--vdi` for each of these.
    pub(crate) fn vdis(self, vdis: &[Uuid]) -> Self {
        vdis.iter().fold(self, |porter, uuid| porter.arg("--vdi").arg(uuid.to_string()))
    }

    pub(crate) fn env(mut self, key: &str, value: impl Into<OsString>) -> Self {
        self.command.env(key, value.into());
        self
    }

    pub(crate) fn current_dir(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Bytes for standard input.
    pub(crate) fn stdin(self, bytes: Vec<u8>) -> Self {
        self.feed(move |pipe| pipe.write_all(&bytes))
    }

    /// Somebody who writes standard input as it is read.
    pub(crate) fn feed(
        mut self,
        feed: impl FnOnce(&mut dyn Write) -> std::io::Result<()> + Send + 'static,
    ) -> Self {
        self.command.stdin(Stdio::piped());
        self.feed = Some(Box::new(feed));
        self
    }

    /// Sends a signal as soon as `when` holds of the time since it was started, and earlier ones were sent.
    pub(crate) fn signal(mut self, signal: Signal, when: impl Fn(Duration) -> bool + 'static) -> Self {
        self.signals.push((signal, Box::new(when)));
        self
    }

    /// Sends standard output to a file or device.
    pub(crate) fn stdout_to(mut self, file: File) -> Self {
        self.command.stdout(file);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Run {
        let mut child = self.command.spawn().expect("the program was built");
        let (pipe, feed) = (child.stdin.take(), self.feed.take());
        let feeder = std::thread::spawn(move || {
            if let (Some(mut pipe), Some(feed)) = (pipe, feed) {
                // A program that has seen enough closes the pipe.
                let _ = feed(&mut pipe);
            }
        });
        let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let (start, mut peak_kib) = (Instant::now(), 0);
        let status = loop {
            peak_kib = peak_kib.max(peak(child.id()));
            // It is not waited for yet: the number is still its own.
            while self.signals.first().is_some_and(|(_, when)| when(start.elapsed())) {
                kill_process(Pid::from_child(&child), self.signals.remove(0).0).expect("the child is ours");
            }
            if let Some(status) = child.try_wait().expect("the child is ours") {
                break status;
            }
            if start.elapsed() > DEADLINE {
                child.kill().expect("the child is ours");
                panic!("{:?} did not end", self.command);
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        feeder.join().expect("feeding does not fail");
        let [stdout, stderr] = [out, err].map(|pipe| pipe.join().expect("reading does not fail"));
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Run { status: status.code().unwrap_or(-1), stdout, stderr, peak_kib }
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        }
        bytes
    })
}

/// The most that a living process has had resident; 0 when it has ended. (What `wait4` says of a child counts the
/// parent's memory as well, from before `exec`.)
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let program = status.lines().next().is_some_and(|name| name.contains("vhd-porter"));
    line.filter(|_| program).and_then(|l| l.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

impl Run {
    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// It did what it was asked for, and had nothing to complain of.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status, 0, "stdout: {}\nstderr: {}", self.text(), self.stderr);
        self
    }

    /// The one JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.stdout);
        parsed.unwrap_or_else(|e| panic!("not one JSON document ({e}): {}{}", self.text(), self.stderr))
    }

    /// It refused with exit code 1 and an error document of this kind; returns the message.
    #[track_caller]
    pub(crate) fn refused(&self, kind: &str) -> String {
        let document = self.json();
        assert_eq!(self.status, 1, "{document}\n{}", self.stderr);
        assert_eq!(document["error"]["kind"], kind, "{document}");
        document["error"]["message"].as_str().expect("an error has a message").to_owned()
    }
}
