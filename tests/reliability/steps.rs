//! The steps of a program, as `strace` numbers them, and runs that are disturbed at one of them.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{have, skipped};

/// System calls that change a file system or a lock, and those that open. A question mark is for kernels without.
const CALLS: &str = "?open,openat,?openat2,write,writev,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,sync_file_range,\
    ?link,linkat,?symlink,symlinkat,?rename,?renameat,renameat2,?unlink,unlinkat,?mkdir,mkdirat,?rmdir,ioctl,copy_file_range,sendfile,fcntl";

/// A system call: the so-and-so-many-th of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) call: String,
    pub(crate) number: usize,
    /// The call in full, for messages.
    pub(crate) line: String,
}

impl Step {
    /// Whether it may change anything.
    pub(crate) fn changes(&self) -> bool {
        !self.call.starts_with("open") || self.line.contains("O_CREAT")
    }

    /// Whether it takes something away.
    pub(crate) fn removes(&self) -> bool {
        self.call.starts_with("unlink") || self.call == "rmdir"
    }

    /// Whether it may be part of cleaning up: without it something is left, for the next run to remove.
    pub(crate) fn cleans(&self) -> bool {
        self.removes() || self.call == "fcntl" || self.line.contains(" \".\", ")
    }

    /// Whether it is about what is remembered of calls.
    pub(crate) fn remembers(&self) -> bool {
        self.line.contains("/state")
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.call, self.number, self.line)
    }
}

/// The tracer, where there is one that works here.
pub(crate) fn strace(what: &str) -> Option<PathBuf> {
    let found = have("strace");
    let works = |strace: &PathBuf| {
        let tried = Command::new(strace).args(["-f", "-o", "/dev/null", "true"]).status();
        tried.is_ok_and(|status| status.success())
    };
    let found = found.filter(works);
    if found.is_none() {
        skipped(what, "there is no strace, or it may not trace");
    }
    found
}

/// The steps of `command` that have to do with what is below `base`, or with the answer; and how the run ended.
pub(crate) fn record(strace: &Path, base: &Path, command: &Command) -> (Vec<Step>, Output) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let output = traced(strace, command, &["-y".into(), format!("-etrace={CALLS}")], log.path());
    let text = std::fs::read_to_string(log.path()).unwrap();
    (steps(&text, base.to_str().unwrap()), output)
}

/// When a run is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// At one step.
    Once,
    /// At that step and all later ones of its kind.
    FromThen,
}

/// Runs `command` with `injection`, as `strace` takes it, at `step`.
pub(crate) fn disturb(strace: &Path, command: &Command, step: &Step, injection: &str, when: When) -> Output {
    let Step { call, number, .. } = step;
    let more = if when == When::FromThen { "+" } else { "" };
    let words = [format!("-etrace={call}"), format!("--inject={call}:{injection}:when={number}{more}")];
    traced(strace, command, &words, Path::new("/dev/null"))
}

/// Runs `command` up to `step`, which is not done any more.
pub(crate) fn kill(strace: &Path, command: &Command, step: &Step) -> Output {
    let output = disturb(strace, command, step, "signal=KILL", When::Once);
    assert_eq!(
        output.status.signal().or(output.status.code()),
        Some(9),
        "{step} was not the last: {output:?}"
    );
    output
}

/// Runs `command`, to which these calls seem to succeed and do nothing.
pub(crate) fn without(strace: &Path, command: &Command, calls: &str) -> Output {
    let words = [format!("-etrace={calls}"), format!("--inject={calls}:retval=0")];
    traced(strace, command, &words, Path::new("/dev/null"))
}

fn traced(strace: &Path, command: &Command, words: &[String], log: &Path) -> Output {
    // A run that waits for ever is ended: that is no answer either.
    let mut traced = Command::new("timeout");
    traced.args(["--kill-after=5", "60"]).arg(strace).args(["-f", "-s", "64", "-o"]).arg(log);
    traced.args(words).arg(command.get_program()).args(command.get_args());
    traced.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    traced.stdin(std::process::Stdio::null()).output().unwrap()
}

/// The steps in a log of `strace` that name something below `base`, or write to the standard output.
fn steps(log: &str, base: &str) -> Vec<Step> {
    let (mut seen, mut steps) = (BTreeMap::<String, usize>::new(), Vec::new());
    let main = log.split_whitespace().next().unwrap_or_default();
    for line in log.lines() {
        let Some((pid, call)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = call.trim_start().split_once('(') else { continue };
        // Other threads digest what is read; and what is counted is counted for each thread.
        if pid != main || name.contains(|c: char| !c.is_ascii_alphanumeric()) {
            continue;
        }
        let number = seen.entry(name.to_owned()).or_default();
        *number += 1;
        let asks = name == "fcntl" && !arguments.contains("LK");
        if (arguments.contains(base) || (name == "write" && arguments.starts_with("1<"))) && !asks {
            steps.push(Step { call: name.to_owned(), number: *number, line: call.trim().to_owned() });
        }
    }
    steps
}

#[test]
fn a_log_is_read() {
    let log = "7 openat(AT_FDCWD, \"/lib\", O_RDONLY) = 3\n7 openat(4</sr>, \"a\", O_CREAT) = 3\n\
        8 write(3</sr/a>, \"\", 0) = 0\n7 write(3</sr/a>, \"\", 0) = 0\n7 fcntl(3</sr/a>, F_GETFD) = 1\n\
        7 fcntl(3</sr/a>, F_OFD_SETLK, {}) = 0\n7 write(1</dev/null>, \"\", 0) = 0\n7 +++ exited with 0 +++\n";
    let steps: Vec<_> = steps(log, "/sr").into_iter().map(|step| (step.call, step.number)).collect();
    let expected = [("openat", 2), ("write", 1), ("fcntl", 2), ("write", 2)];
    assert_eq!(steps, expected.map(|(call, number)| (call.to_owned(), number)));
}
