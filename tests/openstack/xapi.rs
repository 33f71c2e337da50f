//! The real os-xenapi client, as nova runs it, and a stand-in for the xapi that it speaks to.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::environment::{Server, environment, here};
use crate::host::Host;

/// A client, and a xapi with our plugins.
pub(crate) struct Xapi {
    python: PathBuf,
    address: String,
    _server: Server,
}

impl Xapi {
    /// One for each Python that os-xenapi is installed for: 2.7 as OpenStack ran it, and today's.
    pub(crate) fn for_each_client(host: &Host) -> Vec<Self> {
        let environments = ["os-xenapi-2", "os-xenapi-3"].into_iter().filter_map(environment);
        environments
            .filter_map(|environment| {
                let directory = host.path(".");
                let variables = host.variables();
                let mut words = vec![directory.to_str().unwrap()];
                words.extend(variables.iter().map(String::as_str));
                let started = Server::start("xapi.py", &words, 1);
                if started.is_none() {
                    println!("skipped: no stand-in for xapi: port 80 cannot be had");
                }
                let (server, lines) = started?;
                let [address] = <[String; 1]>::try_from(lines).unwrap();
                Some(Self { python: environment.join("bin/python"), address, _server: server })
            })
            .collect()
    }

    /// Opens a session, makes the calls, and returns what came of each.
    #[track_caller]
    pub(crate) fn calls(&self, calls: &Value) -> Vec<Value> {
        let mut command = Command::new(&self.python);
        command.arg(here("client.py")).arg(&self.address).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let written = child.stdin.take().unwrap().write_all(calls.to_string().as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{written:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// One call that succeeds; its result.
    #[track_caller]
    pub(crate) fn call(&self, function: &str, arguments: &Value) -> Value {
        let [outcome] =
            <[Value; 1]>::try_from(self.calls(&json!([{ "function": function, "arguments": arguments }])))
                .unwrap();
        outcome.get("result").unwrap_or_else(|| panic!("{outcome}")).clone()
    }
}
