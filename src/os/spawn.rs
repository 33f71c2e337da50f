//! Running another program: no shell, both pipes drained at once, and a deadline.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Most bytes kept of what a child prints on one pipe.
const KEPT: usize = 1 << 20;
/// Most bytes that a child may print on one pipe where all of them count.
const MOST: usize = 16 << 20;
/// How long a pipe may stay open behind a child that has ended.
const GRACE: Duration = Duration::from_secs(1);

/// How a child ended, and what it said.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Exit code or signal.
    pub status: ExitStatus,
    /// Its standard output, up to 1 MiB if it was [`run`].
    pub stdout: String,
    /// Its standard error, up to 1 MiB if it was [`run`].
    pub stderr: String,
}

/// Why a child gave no result.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is no such program.
    #[error("no program {program:?} was found")]
    NotFound {
        /// Its name.
        program: String,
    },
    /// It ran past its deadline and was killed.
    #[error("{command} did not end within {} s and was killed", .deadline.as_secs())]
    Deadline {
        /// Program and arguments, quoted.
        command: String,
        /// How long it was given.
        deadline: Duration,
    },
    /// It printed more than is read, and all of it counts.
    #[error("{command} printed more than {} MiB", .most >> 20)]
    TooMuch {
        /// Program and arguments, quoted.
        command: String,
        /// The most bytes that are read.
        most: usize,
    },
    /// The system refused.
    #[error("running {command}")]
    Io {
        /// Program and arguments, quoted.
        command: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Program and arguments as a shell would take them: for messages only.
pub(crate) fn shown(program: &OsStr, args: &[OsString]) -> String {
    let words = std::iter::once(program).chain(args.iter().map(OsString::as_os_str));
    let words: Vec<String> = words.map(|w| w.to_string_lossy().into_owned()).collect();
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// Runs `program` to its end. It reads nothing, and inherits the environment.
///
/// # Errors
/// It does not exist, could not be run, or took longer than `deadline`.
pub fn run(program: &OsStr, args: &[OsString], deadline: Duration) -> Result<Finished, SpawnError> {
    child(program, args, &[], KEPT, deadline).map(|(finished, _)| finished)
}

/// Runs `program` to its end, with `input` to read, where all that it prints counts: up to 16 MiB on each pipe.
///
/// # Errors
/// Those of [`run`], and one if it prints more. That it did not read all of `input` is none.
pub fn exchange(
    program: &OsStr,
    args: &[OsString],
    input: &[u8],
    deadline: Duration,
) -> Result<Finished, SpawnError> {
    match child(program, args, input, MOST, deadline)? {
        (finished, true) => Ok(finished),
        (_, false) => Err(SpawnError::TooMuch { command: shown(program, args), most: MOST }),
    }
}

/// Runs `program` to its end, keeping up to `kept` bytes of each pipe; and whether that was all.
#[expect(clippy::disallowed_methods, reason = "this is the one home of children")]
fn child(
    program: &OsStr,
    args: &[OsString],
    input: &[u8],
    kept: usize,
    deadline: Duration,
) -> Result<(Finished, bool), SpawnError> {
    let command = shown(program, args);
    let io = |source: io::Error| SpawnError::Io { command: command.clone(), source };
    tracing::debug!(%command, "running");
    let spawned = Command::new(program)
        .args(args)
        .stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(SpawnError::NotFound { program: program.to_string_lossy().into_owned() });
        }
        other => other.map_err(io)?,
    };
    let out = drain(child.stdout.take(), kept);
    let err = drain(child.stderr.take(), kept);
    feed(child.stdin.take(), input.to_vec());
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io)? {
            break status;
        }
        if start.elapsed() > deadline {
            child.kill().map_err(io)?;
            child.wait().map_err(io)?;
            return Err(SpawnError::Deadline { command, deadline });
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    };
    let ((stdout, all_out), (stderr, all_err)) = (out.text(), err.text());
    Ok((Finished { status, stdout, stderr }, all_out && all_err))
}

/// Writes `input` to a pipe on a thread of its own, and closes it. A child may end without reading everything.
fn feed(pipe: Option<impl Write + Send + 'static>, input: Vec<u8>) {
    if let Some(mut pipe) = pipe {
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
}

/// What a child prints on one pipe, read on a thread of its own.
struct Drain {
    kept: Arc<Mutex<Kept>>,
    thread: thread::JoinHandle<()>,
}

/// What was read, and whether nothing had to be dropped.
struct Kept {
    bytes: Vec<u8>,
    whole: bool,
}

/// Reads a pipe to its end; what is beyond `most` bytes is read and dropped.
fn drain(pipe: Option<impl Read + Send + 'static>, most: usize) -> Drain {
    let kept = Arc::new(Mutex::new(Kept { bytes: Vec::new(), whole: true }));
    let shared = Arc::clone(&kept);
    let thread = thread::spawn(move || {
        let Some(mut pipe) = pipe else { return };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => return,
                Ok(n) => {
                    let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    let room = n.min(most - kept.bytes.len());
                    kept.bytes.extend_from_slice(&buffer[..room]);
                    kept.whole &= room == n;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    Drain { kept, thread }
}

impl Drain {
    /// What was printed, and whether that is all. The child has ended: whoever still holds the pipe is one that it left behind, and is not waited
    /// for.
    fn text(self) -> (String, bool) {
        let start = Instant::now();
        while !self.thread.is_finished() && start.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(1));
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (String::from_utf8_lossy(&kept.bytes).into_owned(), kept.whole)
    }
}

/// The file that `program` names: itself if it is a path, else the first of that name on `PATH`.
#[must_use]
pub fn find_program(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|p| is_executable(p));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|p| is_executable(p))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, deadline: Duration) -> Result<Finished, SpawnError> {
        run(OsStr::new("sh"), &["-c".into(), script.into()], deadline)
    }

    #[test]
    fn both_pipes_are_read_however_much_comes() {
        let script = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 3";
        let finished = shell(script, Duration::from_secs(60)).unwrap();
        assert_eq!((finished.stdout.len(), finished.stderr.len()), (KEPT, KEPT));
        assert_eq!(finished.status.code(), Some(3));
    }

    #[test]
    fn what_is_fed_is_read_and_what_counts_is_never_cut() {
        let input = vec![b'a'; 3 << 20];
        let echoed = |script: &str| {
            exchange(OsStr::new("sh"), &["-c".into(), script.into()], &input, Duration::from_secs(60))
        };
        assert_eq!(echoed("cat").unwrap().stdout.len(), input.len());
        assert_eq!(echoed("exec true").unwrap().stdout, "");
        let much = echoed("head -c 20000000 /dev/zero; exit 1");
        assert!(matches!(much, Err(SpawnError::TooMuch { most: MOST, .. })));
    }

    #[test]
    fn a_child_that_hangs_is_killed_at_its_deadline() {
        let start = Instant::now();
        let hung = shell("exec sleep 60", Duration::from_millis(100));
        assert!(matches!(hung, Err(SpawnError::Deadline { .. })));
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn what_a_child_leaves_behind_is_not_waited_for() {
        let start = Instant::now();
        let finished = shell("echo said; sleep 60 & exit 0", Duration::from_secs(120)).unwrap();
        assert_eq!(finished.stdout, "said\n");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
