//! The host's `vhd-util`, run as a child.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::output::{CheckVerdict, parse_check, parse_query};
use super::{Error, Facts, VhdTool};
use crate::os::{self, Finished};

/// How long one run may take. The real tool sleeps ten seconds over a bad header, and its check is quadratic in the
/// allocated blocks.
const DEADLINE: Duration = Duration::from_secs(1800);

/// The `vhd-util` of the host, or whatever is configured in its place.
#[derive(Debug)]
pub struct HostTool {
    program: OsString,
    first: Vec<OsString>,
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
        Ok(Self { program: found.into_os_string(), first: words.map(OsString::from).collect() })
    }

    fn run(&self, args: &[&str], image: &Path) -> Result<(String, Finished), Error> {
        let mut all = self.first.clone();
        all.extend(args.iter().map(OsString::from));
        all.extend([OsString::from("-n"), image.as_os_str().to_owned()]);
        let finished = os::run(&self.program, &all, DEADLINE)?;
        Ok((os::shown(&self.program, &all), finished))
    }

    fn succeed(&self, args: &[&str], image: &Path) -> Result<(String, Finished), Error> {
        let (command, finished) = self.run(args, image)?;
        if finished.status.success() { Ok((command, finished)) } else { Err(failed(command, finished)) }
    }
}

fn failed(command: String, finished: Finished) -> Error {
    let Finished { status, stdout, stderr } = finished;
    Error::Failed { command, status: status.to_string(), stdout, stderr }
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
        let (command, finished) = self.succeed(&["query", "-v", "-s", "-p", "-f"], image)?;
        let facts = parse_query(&finished.stdout);
        facts.map_err(|expected| Error::Output { command, expected, found: finished.stdout })
    }

    fn check(&self, image: &Path) -> Result<CheckVerdict, Error> {
        let (command, finished) = self.run(&["check"], image)?;
        match finished.status.code() {
            Some(code) => Ok(parse_check(code, &finished.stdout)),
            // Killed: that says nothing of the image.
            None => Err(failed(command, finished)),
        }
    }
}
