//! [`Program`]: a program of the control domain, as configured.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use super::error::Error;
use crate::config::{Key, Settings, key};
use crate::os::{Finished, Job};

/// A program, looked up on `PATH` unless it is a path, its first arguments, and how long it may run.
#[derive(Debug, Clone)]
pub struct Program {
    words: Vec<String>,
    deadline: Duration,
}

impl Program {
    /// The program that the setting `program` names.
    #[must_use]
    pub fn configured(settings: &Settings, program: &Key) -> Self {
        let deadline = if program == key::XE { key::XE_DEADLINE } else { key::DEADLINE };
        Self { words: settings.command(program), deadline: settings.seconds(deadline) }
    }

    /// Runs it with `input` to read.
    ///
    /// # Errors
    /// It could not be run, hung, or printed more than can be read. How it ended is for the caller to judge.
    pub fn run(&self, args: &[&str], input: &[u8]) -> Result<Finished, Error> {
        Ok(Job::of(self.words.clone()).args(args).input(input).all_counts().run(self.deadline)?)
    }

    /// What it prints.
    ///
    /// # Errors
    /// Those of [`run`](Self::run), and one if it does not succeed.
    pub fn output(&self, args: &[&str]) -> Result<String, Error> {
        self.output_of(args, &[])
    }

    /// What it prints when it has read `input`.
    ///
    /// # Errors
    /// Those of [`output`](Self::output).
    pub fn output_of(&self, args: &[&str], input: &[u8]) -> Result<String, Error> {
        let Finished { status, stdout, stderr } = self.run(args, input)?;
        if status.success() {
            return Ok(stdout);
        }
        let command = [&[self.name()], args].concat().join(" ");
        Err(Error::Program { command, status: return_code(status), stdout, stderr })
    }

    /// What it is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// The exit code, or the signal as a negative number: Python's `returncode`.
#[must_use]
pub fn return_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(1))
}
