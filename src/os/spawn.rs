//! Running another program: no shell, both pipes drained at once, and a deadline.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::drain::Drain;

/// Most bytes kept of what a child prints on one pipe.
const KEPT: usize = 1 << 20;
/// Most bytes that a child may print on one pipe where all of them count.
const MOST: usize = 16 << 20;

/// How a child ended, and what it said.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Exit code or signal.
    pub status: ExitStatus,
    /// Its standard output, up to 1 MiB unless all of it counts.
    pub stdout: String,
    /// Its standard error, up to 1 MiB unless all of it counts.
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
    /// It printed nothing for too long and was killed.
    #[error("{command} was silent for {} s and was killed", .idle.as_secs())]
    Silent {
        /// Program and arguments, quoted.
        command: String,
        /// How long it may be silent.
        idle: Duration,
    },
    /// It printed more than is read, and all of it counts.
    #[error("{command} printed more than {} MiB", .most >> 20)]
    TooMuch {
        /// Program and arguments, quoted.
        command: String,
        /// The most bytes that are read.
        most: usize,
    },
    /// It failed.
    #[error("{command} ended with {status}: {}", said(.stdout, .stderr))]
    Failed {
        /// Program and arguments, quoted.
        command: String,
        /// Exit code or signal.
        status: String,
        /// What it printed.
        stdout: String,
        /// What it complained.
        stderr: String,
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

fn said(stdout: &str, stderr: &str) -> String {
    let text = [shortened(stdout), shortened(stderr)].join(" ").trim().to_owned();
    if text.is_empty() { "it printed nothing".into() } else { text }
}

/// As much of `text` as one reads in a message.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 500;
    let text = text.trim();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}… ({} bytes more)", &text[..end], text.len() - end),
        None => text.to_owned(),
    }
}

/// When a child is killed.
enum Limit<'a> {
    /// So long after it began.
    After(Duration),
    /// When it has printed nothing for so long; hears the last line of its standard output.
    Silent(Duration, &'a mut dyn FnMut(&str)),
}

/// A program that is to be run. It inherits the environment, and leads a process group of its own: a child that is
/// killed takes its children along.
#[derive(Debug, Clone)]
pub struct Job {
    program: OsString,
    args: Vec<OsString>,
    input: Vec<u8>,
    all_counts: bool,
}

impl Job {
    /// `program`, a path or a name on `PATH`, without arguments; it reads nothing.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), args: Vec::new(), input: Vec::new(), all_counts: false }
    }

    /// A program and its first arguments, as a setting has them.
    #[must_use]
    pub fn of(command: Vec<String>) -> Self {
        let mut words = command.into_iter();
        Self::new(words.next().unwrap_or_default()).args(words)
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Has it read `input`, as far as it wants to, and then the end.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Has it fail if it prints more than 16 MiB on one pipe: nothing of it is cut.
    #[must_use]
    pub fn all_counts(mut self) -> Self {
        self.all_counts = true;
        self
    }

    /// Program and arguments as a shell would take them: for messages only.
    #[must_use]
    pub fn shown(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.args);
        let words: Vec<String> = words.map(|w| w.to_string_lossy().into_owned()).collect();
        shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
    }

    /// Runs it to its end, whatever that is.
    ///
    /// # Errors
    /// It does not exist, could not be run, or took longer than `deadline`.
    pub fn run(&self, deadline: Duration) -> Result<Finished, SpawnError> {
        self.wait(Limit::After(deadline))
    }

    /// Runs it for as long as it prints something at least every `idle`. `heard` is called now and then with the last
    /// whole line that it printed; lines end with LF or CR.
    ///
    /// # Errors
    /// It does not exist, could not be run, or was silent for too long.
    pub fn follow(&self, idle: Duration, heard: &mut dyn FnMut(&str)) -> Result<Finished, SpawnError> {
        self.wait(Limit::Silent(idle, heard))
    }

    /// For what [`Self::run`] and [`Self::follow`] return: only a child that ended with 0 has done its work.
    ///
    /// # Errors
    /// [`SpawnError::Failed`].
    pub fn require_success(&self, finished: Finished) -> Result<Finished, SpawnError> {
        if finished.status.success() { Ok(finished) } else { Err(self.failed(finished)) }
    }

    /// The error that a child which ended like this amounts to.
    #[must_use]
    pub fn failed(&self, finished: Finished) -> SpawnError {
        let Finished { status, stdout, stderr } = finished;
        SpawnError::Failed { command: self.shown(), status: status.to_string(), stdout, stderr }
    }

    fn wait(&self, mut limit: Limit<'_>) -> Result<Finished, SpawnError> {
        let io = |source: io::Error| SpawnError::Io { command: self.shown(), source };
        let mut child = self.spawn()?;
        let most = if self.all_counts { MOST } else { KEPT };
        let (out, err) = (Drain::start(child.stdout.take(), most), Drain::start(child.stderr.take(), most));
        feed(child.stdin.take(), self.input.clone());
        let start = Instant::now();
        let mut pause = Duration::from_micros(200);
        let status = loop {
            if let Some(status) = child.try_wait().map_err(io)? {
                break status;
            }
            let over = match &mut limit {
                Limit::After(deadline) => (start.elapsed() > *deadline)
                    .then(|| SpawnError::Deadline { command: self.shown(), deadline: *deadline }),
                Limit::Silent(idle, heard) => {
                    out.last_line().iter().for_each(|line| heard(line));
                    (out.silence().min(err.silence()) > *idle)
                        .then(|| SpawnError::Silent { command: self.shown(), idle: *idle })
                }
            };
            if let Some(over) = over {
                kill(&mut child).map_err(io)?;
                return Err(over);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        };
        match (out.text(), err.text()) {
            ((stdout, all_out), (stderr, all_err)) if (all_out && all_err) || !self.all_counts => {
                Ok(Finished { status, stdout, stderr })
            }
            _ => Err(SpawnError::TooMuch { command: self.shown(), most }),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one home of children")]
    fn spawn(&self) -> Result<Child, SpawnError> {
        use std::os::unix::process::CommandExt as _;
        let command = self.shown();
        tracing::debug!(%command, "running");
        let spawned = Command::new(&self.program)
            .args(&self.args)
            .stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn();
        spawned.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                SpawnError::NotFound { program: self.program.to_string_lossy().into_owned() }
            }
            _ => SpawnError::Io { command, source },
        })
    }
}

/// Writes `input` to a pipe on a thread of its own, and closes it. A child may end without reading everything.
fn feed(pipe: Option<impl io::Write + Send + 'static>, input: Vec<u8>) {
    if let Some(mut pipe) = pipe {
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
}

/// Kills a child with its process group.
fn kill(child: &mut Child) -> io::Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group
        && let Err(error) = rustix::process::kill_process_group(group, rustix::process::Signal::KILL)
    {
        tracing::debug!(%error, "no process group to kill");
    }
    child.kill()?;
    child.wait().map(drop)
}

/// Runs `program` to its end. It reads nothing, and inherits the environment.
///
/// # Errors
/// As [`Job::run`].
pub fn run(program: &OsStr, args: &[OsString], deadline: Duration) -> Result<Finished, SpawnError> {
    Job::new(program).args(args).run(deadline)
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

    fn job(script: &str) -> Job {
        Job::new("sh").args(["-c", script])
    }

    fn shell(script: &str, deadline: Duration) -> Result<Finished, SpawnError> {
        job(script).run(deadline)
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

    #[test]
    fn a_child_reads_its_input_to_the_end() {
        let finished = Job::new("cat").input("2048,;\n").run(Duration::from_secs(60)).unwrap();
        assert_eq!(finished.stdout, "2048,;\n");
        // One that does not read fails by its status only.
        let finished = job("exit 3").input("unread").run(Duration::from_secs(60)).unwrap();
        assert_eq!(finished.status.code(), Some(3));
    }

    #[test]
    fn what_counts_is_never_cut() {
        let input = vec![b'a'; 3 << 20];
        let echoed =
            |script: &str| job(script).input(input.clone()).all_counts().run(Duration::from_secs(60));
        assert_eq!(echoed("cat").unwrap().stdout.len(), input.len());
        let much = echoed("head -c 20000000 /dev/zero; exit 1");
        assert!(matches!(much, Err(SpawnError::TooMuch { most: MOST, .. })));
    }

    #[test]
    fn what_fails_says_how() {
        let failing = job("echo out; echo err >&2; exit 3");
        let finished = failing.run(Duration::from_secs(60)).unwrap();
        let error = failing.require_success(finished).unwrap_err().to_string();
        assert_eq!(error, "sh -c 'echo out; echo err >&2; exit 3' ended with exit status: 3: out err");
    }

    #[test]
    fn lines_are_heard_while_it_runs() {
        let (ready, mut heard) = (tempfile::NamedTempFile::new().unwrap(), Vec::new());
        // It goes on only when its line has been heard.
        let script =
            format!("printf 'one\rtwo\rthr'; while [ ! -s {} ]; do sleep 0.01; done", ready.path().display());
        let finished = job(&script).follow(Duration::from_secs(60), &mut |line| {
            heard.push(line.to_owned());
            std::fs::write(ready.path(), "go").unwrap();
        });
        assert_eq!(finished.unwrap().stdout, "one\rtwo\rthr");
        assert_eq!(heard.last().unwrap(), "two");
    }

    #[test]
    fn a_silent_child_is_killed_with_its_children() {
        let alive = tempfile::NamedTempFile::new().unwrap();
        let script = format!("sleep 60 & echo $! > {}; wait", alive.path().display());
        let silent = job(&script).follow(Duration::from_millis(300), &mut |_| {});
        assert!(matches!(silent, Err(SpawnError::Silent { .. })), "{silent:?}");
        let grandchild = std::fs::read_to_string(alive.path()).unwrap();
        let status = format!("/proc/{}/stat", grandchild.trim());
        let start = Instant::now();
        // Gone, or waiting for init to look at its end.
        while std::fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(start.elapsed() < Duration::from_secs(30), "still there");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
