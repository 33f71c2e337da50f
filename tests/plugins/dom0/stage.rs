//! A control domain: links to the plugins, a xenstore, and stand-ins for the programs that need Xen or change the machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use vhd_porter::wire::xmlrpc::Answer;
use vhd_porter::wire::{self, pickle};

use super::xenstored::{Guest, Xenstored};
use crate::host::{Host, xml};
use crate::python::Python;

const PLUGINS: [&str; 6] =
    ["agent.py", "bandwidth.py", "console.py", "netwrap.py", "xenhost.py", "xenstore.py"];
const PROGRAMS: [&str; 10] = [
    "xe",
    "uptime",
    "lspci",
    "cleanup.py",
    "ip",
    "brctl",
    "ovs-vsctl",
    "iptables-save",
    "iptables-restore",
    "sysctl",
];

/// A control domain.
pub(crate) struct Stage {
    pub(crate) host: Host,
    pub(crate) xenstored: Xenstored,
}

/// How a function is called, and so how it answers.
#[derive(Clone)]
pub(crate) enum Call {
    /// `call_plugin`: texts in, JSON out.
    Plain(Vec<(&'static str, String)>),
    /// `call_plugin_serialized`: positional arguments in a pickle, the result in another.
    Pickled(Value),
}

/// What comes of a call: the result, or class and message.
pub(crate) type Outcome = Result<Value, (String, String)>;

impl Stage {
    /// One with nothing in it.
    pub(crate) fn new(guest: Guest) -> Self {
        let mut host = Host::new();
        for plugin in PLUGINS {
            symlink(env!("CARGO_BIN_EXE_vhd-porter-plugin"), host.path(plugin)).unwrap();
        }
        for directory in ["bin", "stand-in", "console", "pci"] {
            fs::create_dir(host.path(directory)).unwrap();
        }
        let recorder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stand-ins/recorder");
        for program in PROGRAMS {
            symlink(&recorder, host.path("bin").join(program)).unwrap();
        }
        let path = format!("{}:/sbin:/usr/sbin:/bin:/usr/bin", host.path("bin").display());
        host.set("PATH", path);
        host.set("STAND_IN", host.path("stand-in"));
        host.set("XENSTORED_PATH", host.path("xenstored"));
        host.set("VHD_PORTER_CONSOLE_DIRECTORY", host.path("console"));
        host.set("VHD_PORTER_XENHOST_CONFIG_FILE", host.path("xenhost.conf"));
        host.set("VHD_PORTER_XENHOST_PCI_DEVICES", host.path("pci"));
        host.set("VHD_PORTER_BANDWIDTH_COUNTERS", host.path("counters"));
        host.set("VHD_PORTER_PROGRAMS_SM_CLEANUP", host.path("bin").join("cleanup.py"));
        let xenstored = Xenstored::start(&host.path("xenstored"), guest);
        Self { host, xenstored }
    }

    /// Lays down what the program answers that `name` stands for: `xe`, or `xe-host-enable` for one command of it.
    pub(crate) fn answers(&self, name: &str, out: &str, err: &str, exit: u8) {
        let file = |end: &str| self.host.path("stand-in").join(format!("{name}.{end}"));
        fs::write(file("out"), out).unwrap();
        fs::write(file("err"), err).unwrap();
        fs::write(file("exit"), exit.to_string()).unwrap();
    }

    /// How programs were called since this was asked last: words with a blank between them.
    pub(crate) fn calls(&self) -> Vec<String> {
        let file = self.host.path("stand-in").join("calls");
        let calls = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        calls.lines().map(|line| line.replace('\t', " ")).collect()
    }

    /// What a program was given to read when it was called last.
    pub(crate) fn input(&self, program: &str) -> String {
        fs::read_to_string(self.host.path("stand-in").join(format!("{program}.in"))).unwrap()
    }

    /// Calls our plugin.
    pub(crate) fn call(&self, plugin: &str, function: &str, call: &Call) -> Outcome {
        outcome(self.host.call(plugin, argument(function, call)), call)
    }

    /// Calls the plugin of os-xenapi.
    pub(crate) fn call_original(
        &self,
        original: &Original,
        plugin: &str,
        function: &str,
        call: &Call,
    ) -> Outcome {
        let mut command = Command::new(original.python.program());
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/dom0/original/run.py"));
        command.arg(original.plugins.join(plugin)).arg(argument(function, call));
        self.host.furnish(&mut command);
        let output = self.host.run(&mut command);
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        outcome(Answer::read(output.stdout.as_bytes()).unwrap(), call)
    }
}

fn argument(function: &str, call: &Call) -> String {
    match call {
        Call::Plain(entries) => {
            let entries: Vec<_> = entries.iter().map(|(name, value)| (*name, value.as_str())).collect();
            xml(function, &entries)
        }
        Call::Pickled(arguments) => {
            let wire::Value::List(items) = wire::json::read(&arguments.to_string()).unwrap() else {
                panic!("arguments are a list")
            };
            let params = wire::Value::dict([
                ("args", wire::Value::Tuple(items)),
                ("kwargs", wire::Value::Dict(vec![])),
            ]);
            xml(function, &[("params", &pickle::write(&params))])
        }
    }
}

fn outcome(answer: Answer, call: &Call) -> Outcome {
    match (answer, call) {
        (Answer::Success(text), Call::Plain(_)) => {
            Ok(serde_json::from_str(&text).unwrap_or_else(|_| json!(text)))
        }
        (Answer::Success(text), Call::Pickled(_)) => {
            let value = pickle::read_text(&text).unwrap();
            Ok(serde_json::from_str(&wire::json::write(&value)).unwrap())
        }
        (Answer::Failure(items), _) => Err((items[2].clone(), items[3..].join(" "))),
    }
}

/// The plugins of os-xenapi, and a Python that runs them.
pub(crate) struct Original {
    python: &'static Python,
    plugins: std::path::PathBuf,
}

impl Original {
    /// Those in the sources that `OS_XENAPI` names.
    pub(crate) fn find() -> Option<Self> {
        let Some(sources) = std::env::var_os("OS_XENAPI") else {
            println!("skipped: OS_XENAPI does not name the sources of os-xenapi 0.3.4");
            return None;
        };
        let Some(python) = Python::all().iter().find(|python| python.version.starts_with("2.7")) else {
            println!("skipped: no Python 2.7 that runs os-xenapi");
            return None;
        };
        let plugins = Path::new(&sources).join("os_xenapi/dom0/etc/xapi.d/plugins");
        Some(Self { python, plugins })
    }
}

/// Whether xenstore's own programs are here.
pub(crate) fn has_xenstore() -> bool {
    let found = Command::new("xenstore-read").arg("-h").output().is_ok();
    if !found {
        println!("skipped: no xenstore-read (Debian: xenstore-utils)");
    }
    found
}
