//! One VDI goes to another host, into the directory that [`Adopt`](super::Adopt) takes over there.
//!
//! The file has a second name in a private directory of the SR while rsync reads it, as in os-xenapi migration.py
//! `transfer_vhd`. Every link of a chain is sent by a call of its own: parents while their VM still runs, the leaf when
//! it has stopped.

mod peer;
mod still;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

use super::context::Context;
use super::error::Error;
use super::held::{member_name, stage};
use super::progress::Stage;
use crate::os::{self, Dir, Job};
use crate::sr::{Claim, Repository, Staging, vdi_file_name};
use crate::vhd::{self, DiskType, Finding, Part, Rule, Scope};

use still::Still;

pub use peer::Peer;

/// Highest place in a chain: os-xenapi's clients count links, and an SR takes far fewer.
const HIGHEST: u64 = 999;

/// What goes to which host, and how.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// The VDI.
    pub vdi: Uuid,
    /// Its place in the chain, from the leaf, which is 0.
    pub place: u64,
    /// The host that it goes to.
    pub peer: Peer,
    /// The directory on that host. Its parent must be there; it is made if it is not.
    pub directory: PathBuf,
    /// rsync, and its first arguments.
    pub rsync: Vec<String>,
    /// The remote shell and its arguments, quoted as rsync's `-e` takes them.
    pub ssh: String,
    /// How long rsync may be silent.
    pub idle: Duration,
}

impl Transfer {
    /// Sends the file as `<place>.vhd`. It appears on the other host when it is whole.
    ///
    /// # Errors
    /// The VDI is not there, not sound, or was written meanwhile; rsync failed, or was silent for too long.
    pub fn run(&self, sr: &Repository, ctx: Context<'_>) -> Result<(), Error> {
        let (expected, found) = (format!("0 to {HIGHEST}"), self.place.to_string());
        let place = usize::try_from(self.place).ok().filter(|_| self.place <= HIGHEST);
        let place = place.ok_or(Error::Argument { what: "sequence number", expected, found })?;
        let staging = Staging::create(sr, &Claim::default())?;
        let (name, vdi) = (member_name(place), vdi_file_name(self.vdi));
        // Whatever else is in staging stays here. Its mode becomes that of the directory on the other host.
        let outgoing = staging.dir().create_dir("outgoing")?;
        stage(sr, &outgoing, self.vdi, &name)?;
        let file = settle(&outgoing, &name, &vdi, ctx)?;
        self.send(outgoing.path(), file.size, ctx)?;
        file.require_unwritten(&vdi)?;
        if let Err(error) = staging.remove() {
            tracing::warn!(%error, "the file is sent, but its staging area is left");
        }
        Ok(())
    }

    fn send(&self, outgoing: &Path, size: u64, ctx: Context<'_>) -> Result<(), Error> {
        ctx.stage(Stage::Send, Some(size))?;
        let job = self.job(outgoing);
        let mut sent = 0;
        let finished = job.follow(self.idle, &mut |line| {
            if let Some(now) = position(line).filter(|now| (sent..=size).contains(now)) {
                ctx.progress.advance(now - sent);
                sent = now;
            }
        })?;
        // What it printed is how far it came. What it complains of is lost now and then, when the other side ends first.
        let stdout = if finished.stderr.trim().is_empty() { meaning(&finished) } else { "" };
        let finished = os::Finished { stdout: stdout.to_owned(), ..finished };
        Ok(job.require_success(finished).map(drop)?)
    }

    /// `-av --progress` are the original's. `-S`: the holes stay holes. `-W`: two hosts of a pool have bandwidth, and a
    /// file that is written anew appears when it is whole. `-I`: one that is there already, from a transfer whose host
    /// went down, says nothing by its size and time. `-s`: no shell looks at the path.
    fn job(&self, outgoing: &Path) -> Job {
        let job = Job::of(self.rsync.clone());
        let job = job.args(["-av", "--progress", "--sparse", "--whole-file", "--ignore-times"]);
        let (source, directory) = (within(outgoing), within(&self.directory));
        if self.peer.is_here() {
            return job.args(["--", &source, &directory]);
        }
        let job = job.args(["--protect-args", "-e", &self.ssh]);
        job.args(["--", &source, &format!("{}:{directory}", self.peer)])
    }
}

/// What the exit status of an rsync means that said nothing: rsync(1), "EXIT VALUES".
fn meaning(finished: &os::Finished) -> &'static str {
    match finished.status.code() {
        Some(11) => "error in file I/O: perhaps the file system of the other host is full",
        Some(12) => "error in the protocol data stream: the connection broke, or the other side died",
        Some(23 | 24) => "partial transfer",
        Some(127) => "no rsync was found on the other host",
        Some(255) => "the remote shell failed",
        _ => "",
    }
}

/// What is in a directory, as rsync takes it.
fn within(directory: &Path) -> String {
    format!("{}/", directory.display())
}

/// How far the file is, in a line of rsync's such as `  1,234,567  12%  110.50MB/s    0:00:05`.
fn position(line: &str) -> Option<u64> {
    let mut words = line.split_whitespace();
    let (bytes, share) = (words.next()?, words.next()?);
    // The separator of thousands is the locale's.
    let digits: String = bytes.chars().filter(char::is_ascii_digit).collect();
    let is_number = bytes.starts_with(|c: char| c.is_ascii_digit()) && share.ends_with('%');
    is_number.then(|| digits.parse().ok())?
}

/// Opens the staged file when it is sound. A VDI that is in use, or was when its host went down, has no footer at its
/// end: then a copy takes its place here, the copy gets its footer back, and the VDI stays as it is.
fn settle(outgoing: &Dir, name: &str, vdi: &str, ctx: Context<'_>) -> Result<Still, Error> {
    let path = outgoing.join(name);
    let still = Still::of(outgoing.open_file(name, false)?, &path)?;
    match require_sound(&still.file, vdi, ctx) {
        Ok(()) => return Ok(still),
        Err(Error::Image { finding, .. })
            if finding.part == Part::Footer && finding.rule != Rule::FixedDisk => {}
        Err(other) => return Err(other),
    }
    tracing::info!(vdi, "in use or left so: sending a copy with its footer back");
    outgoing.unlink(name)?;
    let copy = outgoing.create(name)?;
    os::duplicate(&still.file, &copy, |_| {}).map_err(os::Error::at("copying", &path))?;
    still.require_unwritten(vdi)?;
    vhd::restore_footers(&copy).map_err(Error::engine(vdi))?;
    require_sound(&copy, vdi, ctx)?;
    Still::of(copy, &path)
}

/// What the other host will refuse is not sent.
fn require_sound(file: &File, vdi: &str, ctx: Context<'_>) -> Result<(), Error> {
    let mut checkup = vhd::check(file, Scope::Body, ctx.now()).map_err(Error::engine(vdi))?;
    // Relinking sets the geometry right.
    checkup.findings.list.retain(|finding| finding.rule != Rule::Geometry);
    if let Some(error) = Error::of_findings(vdi, &checkup.findings) {
        return Err(error);
    }
    match checkup.footer.as_ref().and_then(DiskType::of) {
        Some(DiskType::Fixed) => {
            let (expected, found) = ("a dynamic or differencing image", "a fixed one");
            Err(Error::image(vdi, Finding::new(Part::Footer, Rule::FixedDisk, 0, expected, found)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_in_every_locale() {
        for (line, expected) in [
            ("     32,768   0%    0.00kB/s    0:00:00", Some(32768)),
            ("1.234.567  12%  110.50MB/s    0:00:05 (xfr#1, to-chk=0/2)", Some(1_234_567)),
            ("4194304 100%  110.50MB/s", Some(4_194_304)),
            ("99999999999999999999999 100% x", None),
            ("sending incremental file list", None),
            ("0.vhd", None),
            ("total size is 4,194,304  speedup is 1.00", None),
            ("", None),
        ] {
            assert_eq!(position(line), expected, "{line:?}");
        }
    }
}
