//! A host with one SR, and the program run on it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;
use vhd_porter::os::{Dir, Lock};

use crate::image::{Archive, chain, sha256};
use crate::manager::{Manager, judge};

/// Longest that any run may take. Nothing here comes near it.
const DEADLINE: Duration = Duration::from_secs(120);

/// The SR `sr/<uuid>`, locks of the storage manager, and a VDI of somebody else's.
pub(crate) struct Place {
    scratch: TempDir,
    sr: PathBuf,
    uuid: Uuid,
    neighbour: (Uuid, String),
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Exit code; `None` after a signal.
    pub(crate) status: Option<i32>,
    /// The document on standard output; null if there was none.
    pub(crate) answer: Value,
    pub(crate) stderr: String,
}

impl Outcome {
    /// The kind of its error; empty if it did what it was asked for, or died.
    pub(crate) fn kind(&self) -> &str {
        self.answer["error"]["kind"].as_str().unwrap_or_default()
    }

    /// It did what it was asked for.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status, Some(0), "{self:?}");
        self
    }

    /// It refused with an error of this kind.
    #[track_caller]
    pub(crate) fn refused(self, kind: &str) -> String {
        assert_eq!((self.status, self.kind()), (Some(1), kind), "{self:?}");
        self.answer["error"]["message"].as_str().unwrap().to_owned()
    }
}

impl Place {
    /// On the fastest file system there is: what is durable is not looked at here.
    pub(crate) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let scratch = TempDir::new_in(memory).or_else(|_| TempDir::new()).unwrap();
        let sr = scratch.path().join("sr");
        Self::within(scratch, &sr)
    }

    /// With the SR in the directory `parent`.
    pub(crate) fn within(scratch: TempDir, parent: &Path) -> Self {
        let uuid = Uuid::new_v4();
        let (sr, neighbour) = (parent.join(uuid.to_string()), Uuid::new_v4());
        fs::create_dir_all(&sr).unwrap();
        fs::create_dir_all(scratch.path().join("locks")).unwrap();
        let mut file = chain(255, 1, &mut vec![0; 2 << 20]).remove(0);
        std::io::Seek::rewind(&mut file).unwrap();
        let path = sr.join(format!("{neighbour}.vhd"));
        std::io::copy(&mut file, &mut File::create_new(&path).unwrap()).unwrap();
        let digest = sha256(&fs::read(path).unwrap());
        Self { scratch, sr, uuid, neighbour: (neighbour, digest) }
    }

    /// The SR.
    pub(crate) fn sr(&self) -> &Path {
        &self.sr
    }

    /// Something of the host's, beside the SR.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The SR's own directory of locks.
    pub(crate) fn locks(&self) -> PathBuf {
        self.path("locks").join(self.uuid.to_string())
    }

    /// The file of a VDI.
    pub(crate) fn vdi(&self, uuid: Uuid) -> PathBuf {
        self.sr.join(format!("{uuid}.vhd"))
    }

    /// An image of its own for every `fill`.
    pub(crate) fn archive(&self, fill: u8, links: u8) -> Archive {
        Archive::make(self.scratch.path(), fill, links)
    }

    pub(crate) fn manager(&self) -> Manager {
        Manager::start(&self.sr, &self.locks())
    }

    /// `vhd-porter` with these words, as a child of `wrapper`'s if that is not empty.
    pub(crate) fn porter(&self, wrapper: &[String], words: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_vhd-porter").to_owned();
        let all: Vec<&String> = wrapper.iter().chain([&program]).collect();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).args(words);
        for (key, value) in [("STATE", "state"), ("SR_LOCKS", "locks"), ("XAPI_POOL_CONF", "pool.conf")] {
            command.env(format!("VHD_PORTER_{key}"), self.path(value));
        }
        command.env("VHD_PORTER_VHD_UTIL", "no-vhd-util").env("VHD_PORTER_SR_RESERVE", "0");
        command.env("VHD_PORTER_SR_LOCK_WAIT", "60");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// An import of `archive` as `uuids`, leaf first.
    pub(crate) fn importing(&self, wrapper: &[String], archive: &Path, uuids: &[Uuid]) -> Command {
        let mut command = self.porter(wrapper, &["import", "--json", "--sr"]);
        command.arg(&self.sr).arg(archive);
        for uuid in uuids {
            command.args(["--uuid", &uuid.to_string()]);
        }
        command
    }

    /// The same, to its end.
    pub(crate) fn import(&self, archive: &Path, uuids: &[Uuid]) -> Outcome {
        run(self.importing(&[], archive, uuids))
    }

    /// `vhd-porter recover` with more words.
    pub(crate) fn recover(&self, words: &[&str]) -> Outcome {
        let mut command = self.porter(&[], &["recover", "--json", "--sr"]);
        command.arg(&self.sr).args(words);
        run(command)
    }

    /// All names in the SR but the neighbour's.
    pub(crate) fn arrived(&self) -> Vec<String> {
        let names = fs::read_dir(&self.sr).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| *name != format!("{}.vhd", self.neighbour.0));
        names.sort();
        names
    }

    /// Holds the SR to every invariant, now that nobody is at work: the chains in it are these (leaf first, with the digest
    /// of the disk) and the neighbour's, and there is nothing else.
    #[track_caller]
    pub(crate) fn assert_holds(&self, chains: &[(&[Uuid], &str)]) {
        let found = judge(&self.sr);
        assert_eq!(found["violations"], serde_json::json!([]), "{:?}", self.arrived());
        let mut found: BTreeMap<Uuid, (Vec<Uuid>, String)> = found["chains"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(leaf, chain)| {
                let links = serde_json::from_value(chain["links"].clone()).unwrap();
                (leaf.parse().unwrap(), (links, chain["sha256"].as_str().unwrap().to_owned()))
            })
            .collect();
        found.remove(&self.neighbour.0).expect("the neighbour is there");
        assert_eq!(sha256(&fs::read(self.vdi(self.neighbour.0)).unwrap()), self.neighbour.1, "the neighbour");
        let wanted = chains.iter().map(|(links, sha256)| (links[0], (links.to_vec(), (*sha256).to_owned())));
        assert_eq!(found, wanted.collect());
        let mut names: Vec<String> =
            chains.iter().flat_map(|(links, _)| *links).map(|uuid| format!("{uuid}.vhd")).collect();
        names.sort();
        assert_eq!(self.arrived(), names);
    }

    /// Removes VDIs under the storage manager's lock, as it does when they are destroyed.
    pub(crate) fn destroy(&self, uuids: &[Uuid]) {
        fs::create_dir_all(self.locks()).unwrap();
        let locks = Dir::open(self.locks()).unwrap();
        let _lock = Lock::wait(&locks, "sr", DEADLINE).unwrap().unwrap();
        uuids.iter().for_each(|uuid| fs::remove_file(self.vdi(*uuid)).unwrap());
    }
}

/// Runs it to its end.
pub(crate) fn run(mut command: Command) -> Outcome {
    ended(command.spawn().unwrap())
}

/// Waits for its end. What it says fits into a pipe.
pub(crate) fn ended(mut child: Child) -> Outcome {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > DEADLINE {
            let _ = child.kill();
            panic!("a run did not end: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().unwrap();
    Outcome {
        status: output.status.code(),
        answer: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// New uuids.
pub(crate) fn some_uuids(count: usize) -> Vec<Uuid> {
    std::iter::repeat_with(Uuid::new_v4).take(count).collect()
}
