//! [`Xenstore`]: the records of domains, through xenstore's own programs.

use super::error::Error;
use super::escape::{escaped, unescaped};
use super::listing::paths;
use super::program::{Program, return_code};
use super::record::Record;
use crate::config::{Settings, key};
use crate::os::Finished;
use crate::wire::scrub::MASK;

/// Xenstore's programs.
#[derive(Debug)]
pub struct Xenstore {
    read: Program,
    write: Program,
    ls: Program,
    rm: Program,
    exists: Program,
}

impl Xenstore {
    /// As configured.
    #[must_use]
    pub fn configured(settings: &Settings) -> Self {
        let program = |key| Program::configured(settings, key);
        Self {
            read: program(key::XENSTORE_READ),
            write: program(key::XENSTORE_WRITE),
            ls: program(key::XENSTORE_LS),
            rm: program(key::XENSTORE_RM),
            exists: program(key::XENSTORE_EXISTS),
        }
    }

    /// What a record holds, without blanks at its ends.
    ///
    /// # Errors
    /// There is none, or xenstore cannot be asked.
    pub fn read(&self, record: &Record) -> Result<String, Error> {
        let finished = succeed(&self.read, record, &[])?;
        Ok(unescaped(finished.stdout.trim()))
    }

    /// What a record holds, if there is one.
    ///
    /// # Errors
    /// Xenstore cannot be asked.
    pub fn find(&self, record: &Record) -> Result<Option<String>, Error> {
        match self.read(record) {
            Ok(value) => Ok(Some(value)),
            Err(Error::Xenstore { .. }) if !self.exists(record)? => Ok(None),
            // It may have appeared in between; if not, this says why.
            Err(_) => self.read(record).map(Some),
        }
    }

    /// Whether there is a record.
    ///
    /// # Errors
    /// Xenstore cannot be asked: then the program complains, which it does not when there is no record.
    pub fn exists(&self, record: &Record) -> Result<bool, Error> {
        match succeed(&self.exists, record, &[]) {
            Ok(_) => Ok(true),
            Err(Error::Xenstore { stderr, .. }) if stderr.is_empty() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes a record, over what is there. Messages do not show `value`.
    ///
    /// # Errors
    /// Xenstore refuses, such as a value of more than 4096 bytes.
    pub fn write(&self, record: &Record, value: &str) -> Result<(), Error> {
        succeed(&self.write, record, &[&escaped(value)]).map(drop)
    }

    /// The records below one, by their paths from there, in xenstore's order; none if there is no such record.
    ///
    /// # Errors
    /// Xenstore cannot be asked, or lists what no record can be called.
    pub fn list(&self, record: &Record) -> Result<Vec<(String, String)>, Error> {
        let listing = match succeed(&self.ls, record, &[]) {
            Ok(finished) => finished.stdout,
            Err(Error::Xenstore { .. }) if !self.exists(record)? => return Ok(Vec::new()),
            Err(_) => succeed(&self.ls, record, &[])?.stdout,
        };
        let mut records = Vec::new();
        for path in paths(&listing) {
            // A guest may remove its records at any time.
            if let Some(value) = self.find(&record.below(&path)?)? {
                records.push((path, value));
            }
        }
        Ok(records)
    }

    /// Removes a record and those below it. That there is none is no error.
    ///
    /// # Errors
    /// Xenstore cannot be asked.
    pub fn remove(&self, record: &Record) -> Result<(), Error> {
        match succeed(&self.rm, record, &[]) {
            Err(Error::Xenstore { stderr, .. }) if stderr.contains("could not remove path") => Ok(()),
            other => other.map(drop),
        }
    }
}

/// Runs `program` on `record`, with values that must not be taken for options, nor shown.
fn succeed(program: &Program, record: &Record, values: &[&str]) -> Result<Finished, Error> {
    let path = record.to_string();
    let Finished { status, stdout, stderr } = program.run(&[&["--", &path], values].concat(), &[])?;
    if status.success() {
        return Ok(Finished { status, stdout, stderr });
    }
    let shown = [&[program.name(), &path], &vec![MASK; values.len()][..]].concat();
    Err(Error::Xenstore { command: shown.join(" "), status: return_code(status), stderr, stdout })
}
