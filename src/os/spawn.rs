//! Running another program: no shell, both pipes drained at once, and a deadline.

mod error;

use std::ffi::OsString;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::drain::Drain;

pub use error::SpawnError;
pub(crate) use error::shortened;

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
    environment: Vec<(OsString, OsString)>,
    all_counts: bool,
}

impl Job {
    /// `program`, a path or a name on `PATH`, without arguments; it reads nothing.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        let program = program.into();
        Self { program, args: Vec::new(), input: Vec::new(), environment: Vec::new(), all_counts: false }
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

    /// Sets an environment variable for it.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
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
            let over = match super::stop::check() {
                Err(stopped) => Some(io(stopped)),
                Ok(()) => over,
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
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
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

#[cfg(test)]
mod tests;
