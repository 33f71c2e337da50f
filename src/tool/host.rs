//! The host's `vhd-util`, run as a child.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use super::output::{CheckVerdict, parse_check, parse_query};
use super::{Error, Facts, VhdTool};
use crate::os::{self, Finished, Job};

/// How long one run may take. The real tool sleeps ten seconds over a bad header, and its check is quadratic in the
/// allocated blocks.
const DEADLINE: Duration = Duration::from_secs(1800);

/// The `vhd-util` of the host, or whatever is configured in its place.
#[derive(Debug)]
pub struct HostTool {
    program: OsString,
    first: Vec<OsString>,
    deadline: Duration,
}

impl HostTool {
    /// The tool that `command` starts: a program, looked up on `PATH`, and first arguments, quoted as in a shell.
    ///
    /// # Errors
    /// The command cannot be split, or there is no such program.
    pub fn new(command: &str) -> Result<Self, Error> {
        let words = shlex::split(command).filter(|w| !w.is_empty());
        let mut words = words.ok_or_else(|| Error::Command { command: command.to_owned() })?.into_iter();
        let program = words.next().unwrap_or_default();
        let found = os::find_program(&program).ok_or(Error::Missing { program })?;
        let (program, first) = (found.into_os_string(), words.map(OsString::from).collect());
        Ok(Self { program, first, deadline: DEADLINE })
    }

    /// The same, but no run may take longer than `deadline`.
    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The program that is started.
    #[must_use]
    pub fn program(&self) -> &Path {
        Path::new(&self.program)
    }

    /// What it prints when it is asked for nothing: its usage, which names the commands that it knows.
    ///
    /// # Errors
    /// It failed, or could not be run.
    pub fn usage(&self) -> Result<String, Error> {
        let job = Job::new(&self.program).args(&self.first);
        Ok(job.require_success(job.run(self.deadline)?)?.stdout)
    }

    fn job(&self, args: &[&str], image: &Path) -> Job {
        Job::new(&self.program).args(&self.first).args(args).args([OsStr::new("-n"), image.as_os_str()])
    }

    fn succeed(&self, args: &[&str], image: &Path) -> Result<(Job, Finished), Error> {
        let job = self.job(args, image);
        let finished = job.require_success(job.run(self.deadline)?)?;
        Ok((job, finished))
    }
}

impl VhdTool for HostTool {
    fn set_parent(&self, child: &Path, parent: &Path) -> Result<(), Error> {
        let parent = parent.to_str().ok_or_else(|| {
            let encoding = std::io::Error::new(std::io::ErrorKind::InvalidInput, "the path is not UTF-8");
            os::Error::at("naming", parent)(encoding)
        })?;
        self.succeed(&["modify", "-p", parent], child).map(drop)
    }

    fn set_hidden(&self, image: &Path, hidden: bool) -> Result<(), Error> {
        let value = if hidden { "1" } else { "0" };
        self.succeed(&["set", "-f", "hidden", "-v", value], image).map(drop)
    }

    fn query(&self, image: &Path) -> Result<Facts, Error> {
        let (job, finished) = self.succeed(&["query", "-v", "-s", "-p", "-f"], image)?;
        let facts = parse_query(&finished.stdout);
        facts.map_err(|expected| Error::Output { command: job.shown(), expected, found: finished.stdout })
    }

    fn check(&self, image: &Path) -> Result<CheckVerdict, Error> {
        let job = self.job(&["check"], image);
        let finished = job.run(self.deadline)?;
        match finished.status.code() {
            Some(code) => Ok(parse_check(code, &finished.stdout)),
            // Killed: that says nothing of the image.
            None => Err(job.failed(finished).into()),
        }
    }
}
