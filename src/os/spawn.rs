//! Running another program: no shell, both pipes drained at once, and a deadline.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Most bytes kept of what a child prints on one pipe.
const KEPT: usize = 1 << 20;
/// How long a pipe may stay open behind a child that has ended.
const GRACE: Duration = Duration::from_secs(1);

/// How a child ended, and what it said.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Exit code or signal.
    pub status: ExitStatus,
    /// Its standard output, up to 1 MiB.
    pub stdout: String,
    /// Its standard error, up to 1 MiB.
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
/// It does not exist, could not be run, took longer than `deadline`, or a signal came: then it is killed as well.
#[expect(clippy::disallowed_methods, reason = "this is the one home of children")]
pub fn run(program: &OsStr, args: &[OsString], deadline: Duration) -> Result<Finished, SpawnError> {
    let command = shown(program, args);
    let io = |source: io::Error| SpawnError::Io { command: command.clone(), source };
    tracing::debug!(%command, "running");
    let spawned = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(SpawnError::NotFound { program: program.to_string_lossy().into_owned() });
        }
        other => other.map_err(io)?,
    };
    let out = drain(child.stdout.take());
    let err = drain(child.stderr.take());
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io)? {
            break status;
        }
        let stopped = super::stop::check();
        if stopped.is_err() || start.elapsed() > deadline {
            child.kill().map_err(io)?;
            child.wait().map_err(io)?;
            stopped.map_err(io)?;
            return Err(SpawnError::Deadline { command, deadline });
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    };
    Ok(Finished { status, stdout: out.text(), stderr: err.text() })
}

/// What a child prints on one pipe, read on a thread of its own.
struct Drain {
    kept: Arc<Mutex<Vec<u8>>>,
    thread: thread::JoinHandle<()>,
}

/// Reads a pipe to its end; what is beyond the limit is read and dropped.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Drain {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&kept);
    let thread = thread::spawn(move || {
        let Some(mut pipe) = pipe else { return };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => return,
                Ok(n) => {
                    let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    let n = n.min(KEPT - kept.len());
                    kept.extend_from_slice(&buffer[..n]);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    Drain { kept, thread }
}

impl Drain {
    /// What was printed. The child has ended: whoever still holds the pipe is one that it left behind, and is not waited
    /// for.
    fn text(self) -> String {
        let start = Instant::now();
        while !self.thread.is_finished() && start.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(1));
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
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
