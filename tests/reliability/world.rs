//! A host with an SR, and a job to do there: the same every time, so that its answer is the same as well.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use uuid::Uuid;
use vhd_porter::wire::xmlrpc::MethodCall;

use crate::model::{Belongings, belongings};
use crate::support::{Fixture, Sr};

/// What is done. All three end in the same chain of three links, with the same disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// An archive becomes a chain; by the program for admins.
    Import,
    /// A chain becomes another one; by a plugin.
    Copy,
    /// The directory that a migration left becomes a chain; by a plugin.
    Migration,
}

impl Job {
    pub(crate) const ALL: [Self; 3] = [Self::Import, Self::Copy, Self::Migration];

    /// Whether the answer comes as XML-RPC.
    pub(crate) fn is_plugin(self) -> bool {
        self != Self::Import
    }
}

/// What sort of host it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// With a storage manager, whose locks count.
    Manager,
    /// Without one.
    Plain,
    /// A slave of its pool, whose locks do not count on a file system that hosts share.
    Slave,
}

/// The SR's own uuid.
const SR: Uuid = Uuid::from_u128(0x0cafe000_1111_4111_8111_000000000000);
/// The instance that migrates.
const INSTANCE: Uuid = Uuid::from_u128(0x1cafe000_1111_4111_8111_000000000000);
/// The chain that is to be, leaf first.
pub(crate) const CHAIN: [Uuid; 3] = some(0xa);
/// The chain that is copied.
const ORIGINAL: [Uuid; 3] = some(0xb);

const fn some(digit: u128) -> [Uuid; 3] {
    let base = digit << 124 | 0x4111_8111_0000_0000_0000;
    [Uuid::from_u128(base), Uuid::from_u128(base + 1), Uuid::from_u128(base + 2)]
}

/// The host, below one directory.
pub(crate) struct World {
    _scratch: Option<TempDir>,
    base: PathBuf,
    pub(crate) job: Job,
    pub(crate) host: Host,
    /// What was in the SR before.
    pub(crate) foreign: Belongings,
}

impl World {
    /// A new one.
    pub(crate) fn new(job: Job, host: Host) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let world = Self::at(scratch.path(), job, host);
        Self { _scratch: Some(scratch), ..world }
    }

    /// One in a directory that is there, perhaps of a file system of its own.
    pub(crate) fn at(base: &Path, job: Job, host: Host) -> Self {
        let mut world =
            Self { _scratch: None, base: base.to_owned(), job, host, foreign: Belongings::default() };
        drop(Sr::at(&world.sr()));
        for plugin in ["porter", "migration"] {
            symlink(env!("CARGO_BIN_EXE_vhd-porter-plugin"), world.base.join(plugin)).unwrap();
        }
        if host == Host::Manager {
            fs::create_dir(world.base.join("locks")).unwrap();
        }
        let role = if host == Host::Slave { "slave:10.0.0.1" } else { "master" };
        fs::write(world.base.join("pool.conf"), role).unwrap();
        match job {
            Job::Import => {}
            Job::Copy => assert!(world.importing(ORIGINAL).output().unwrap().status.success()),
            Job::Migration => world.migrate(),
        }
        world.foreign = belongings(&world.sr());
        world
    }

    fn migrate(&self) {
        let directory = self.instance();
        fs::create_dir_all(&directory).unwrap();
        for (name, bytes) in &Fixture::diff3().links {
            fs::write(directory.join(name), bytes).unwrap();
        }
        fs::write(directory.join("swap.vhd"), "not looked at").unwrap();
    }

    /// The directory that is migrated.
    pub(crate) fn instance(&self) -> PathBuf {
        self.base.join(format!("images/instance{INSTANCE}"))
    }

    /// Below this everything is.
    pub(crate) fn base(&self) -> &Path {
        &self.base
    }

    /// The SR.
    pub(crate) fn sr(&self) -> PathBuf {
        self.base.join(SR.to_string())
    }

    /// The program and its arguments, with the environment of the host.
    pub(crate) fn job(&self) -> Command {
        let document = match self.job {
            Job::Import => return self.importing(CHAIN),
            Job::Copy => serde_json::json!({
                "sr_path": self.sr(), "vdi_uuids": ORIGINAL, "uuid_stack": reversed(CHAIN),
            }),
            Job::Migration => serde_json::json!({
                "instance_uuid": INSTANCE, "sr_path": self.sr(), "uuid_stack": reversed(CHAIN),
            }),
        };
        let (plugin, function) = match self.job {
            Job::Migration => ("migration", "move_vhds_into_sr"),
            _ => ("porter", "copy"),
        };
        let arguments = vec![("json".to_owned(), document.to_string())];
        let call =
            MethodCall { method: function.into(), session: "OpaqueRef:4a3c-session".into(), arguments };
        let mut command = self.equipped(Command::new(self.base.join(plugin)));
        command.arg(call.write());
        command
    }

    fn importing(&self, uuids: [Uuid; 3]) -> Command {
        let mut command = self.porter();
        command.args(["import", "--json", "--quiet", "--sr"]).arg(self.sr()).arg(&Fixture::diff3().path);
        for uuid in uuids {
            command.arg("--uuid").arg(uuid.to_string());
        }
        command
    }

    fn porter(&self) -> Command {
        self.equipped(Command::new(env!("CARGO_BIN_EXE_vhd-porter")))
    }

    /// `vhd-porter recover`.
    pub(crate) fn recovery(&self) -> Command {
        let mut command = self.porter();
        command.args(["recover", "--json", "--sr"]).arg(self.sr());
        command
    }

    fn equipped(&self, mut command: Command) -> Command {
        for (key, name) in [
            ("STATE", "state"),
            ("SR_LOCKS", "locks"),
            ("SR_ROOTS", ""),
            ("IMAGES", "images"),
            ("XAPI_POOL_CONF", "pool.conf"),
            ("SYSLOG", "no-syslog"),
        ] {
            command.env(format!("VHD_PORTER_{key}"), self.base.join(name));
        }
        command.env("VHD_PORTER_CONFIG", "/dev/null").env("VHD_PORTER_SR_RESERVE", "0");
        command.env("VHD_PORTER_SR_LOCK_WAIT", "5").env("VHD_PORTER_VHD_UTIL", "no-vhd-util");
        command
    }
}

fn reversed(uuids: [Uuid; 3]) -> Vec<Uuid> {
    uuids.into_iter().rev().collect()
}
