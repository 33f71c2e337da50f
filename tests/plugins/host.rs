//! A host as xapi's plugins see it: a directory with links to the built binary, a syslog daemon, and xapi's way to start
//! a process.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use vhd_porter::wire::xmlrpc::{Answer, MethodCall};

/// The links in the plugins' directory.
const NAMES: &[&str] = &[
    "dom0_plugin_version",
    "dom0_plugin_version.py",
    "config_file.py",
    "glance.py",
    "ipxe.py",
    "kernel.py",
    "migration",
    "migration.py",
    "partition_utils.py",
    "porter",
    "workarounds",
    "workarounds.py",
    "unknown.py",
];

/// A plugins' directory with links to the built binary, and a syslog daemon.
pub(crate) struct Host {
    directory: TempDir,
    syslog: UnixDatagram,
    variables: Vec<(&'static str, OsString)>,
}

/// What became of a plugin process.
pub(crate) struct Outcome {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) log: Vec<String>,
}

impl Host {
    /// With a link for each plugin, and for one that is none.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let syslog = UnixDatagram::bind(directory.path().join("log")).unwrap();
        syslog.set_nonblocking(true).unwrap();
        for name in NAMES {
            let link = directory.path().join(name);
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_vhd-porter-plugin"), link).unwrap();
        }
        std::fs::write(directory.path().join("xapi.conf"), "relax-xsm-sr-check = true\nodd=a=b\n").unwrap();
        let mut host = Self { directory, syslog, variables: Vec::new() };
        host.set("VHD_PORTER_SYSLOG", host.path("log"));
        host.set("VHD_PORTER_XAPI_CONF", host.path("xapi.conf"));
        host.set("VHD_PORTER_STATE", host.path("state"));
        host.set("VHD_PORTER_SR_LOCKS", host.path("locks"));
        host.set("VHD_PORTER_SR_ROOTS", "/tmp:/var/tmp:/dev/shm");
        host
    }

    /// Adds a variable to the environment of every plugin from here on. xapi passes none but `PATH`.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
    }

    /// The variables that were added, as `NAME=VALUE`.
    #[allow(dead_code, reason = "for those who start plugins in another way")]
    pub(crate) fn variables(&self) -> Vec<String> {
        self.variables.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect()
    }

    /// A file of the host.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A plugin process as xapi starts it: xen-api `ocaml/forkexecd/lib/forkhelpers.ml` and
    /// `ocaml/forkexecd/helper/vfork_helper.c`.
    pub(crate) fn command(&self, plugin: &str) -> Command {
        let mut command = Command::new(self.path(plugin));
        self.furnish(&mut command);
        command
    }

    /// Gives a process what xapi gives it.
    pub(crate) fn furnish(&self, command: &mut Command) {
        command.env_clear().env("PATH", "/sbin:/usr/sbin:/bin:/usr/bin").current_dir("/");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(OpenOptions::new().write(true).open("/dev/null").unwrap());
    }

    /// Runs `command` to its end.
    pub(crate) fn run(&self, command: &mut Command) -> Outcome {
        let [mut stdout, mut stderr]: [File; 2] = std::array::from_fn(|_| tempfile::tempfile().unwrap());
        command.stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
        let (mut child, mut log) = (command.spawn().unwrap(), Vec::new());
        let status = loop {
            let status = child.try_wait().unwrap();
            // The queue of the socket holds a few lines only.
            log.extend(self.said());
            match status {
                Some(status) => break status.code(),
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        let [stdout, stderr] = [&mut stdout, &mut stderr].map(|file| {
            let mut text = String::new();
            file.rewind().unwrap();
            file.read_to_string(&mut text).unwrap();
            text
        });
        Outcome { status, stdout, stderr, log }
    }

    /// The lines that have arrived at the syslog daemon since it was asked last.
    pub(crate) fn said(&self) -> Vec<String> {
        let mut line = [0; 65536];
        let lines = std::iter::from_fn(|| self.syslog.recv(&mut line).ok().map(|n| line[..n].to_vec()));
        lines.map(|line| String::from_utf8(line).unwrap()).collect()
    }

    /// Calls `plugin` with `argument`, and holds what it answers to the contract.
    pub(crate) fn call(&self, plugin: &str, argument: impl AsRef<OsStr>) -> Answer {
        let outcome = self.run(self.command(plugin).arg(argument));
        assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""), "{}", outcome.stdout);
        let answer = Answer::read(outcome.stdout.as_bytes()).unwrap();
        if let Answer::Failure(items) = &answer {
            assert!(items.len() >= 3, "os-xenapi unpacks three: {items:?}");
        }
        answer
    }

    /// The class and message of the failure that `argument` meets.
    pub(crate) fn failure(&self, plugin: &str, argument: impl AsRef<OsStr>) -> (String, String) {
        match self.call(plugin, argument) {
            Answer::Failure(items) => {
                let [code, _, class, message] = <[String; 4]>::try_from(items).unwrap();
                assert_eq!(code, "XENAPI_PLUGIN_FAILURE");
                (class, message)
            }
            Answer::Success(value) => panic!("succeeded with {value:?}"),
        }
    }
}

/// A call as xapi writes it.
pub(crate) fn xml(function: &str, arguments: &[(&str, &str)]) -> String {
    let arguments = arguments.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    MethodCall { method: function.into(), session: "OpaqueRef:4a3c-session".into(), arguments }.write()
}
