//! A real SSH server on the loopback interface, for one test: its own port, keys and configuration.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server; ended when it is dropped.
pub(crate) struct Sshd {
    directory: TempDir,
    port: u16,
    child: Child,
}

impl Sshd {
    /// Starts one that lets in whoever runs the tests. `force`, if any, is run instead of what clients ask for, which it
    /// finds in `SSH_ORIGINAL_COMMAND`.
    pub(crate) fn start(force: Option<&Path>) -> Option<Self> {
        let programs = ["sshd", "ssh", "ssh-keygen", "rsync"].map(program);
        let [Some(sshd), Some(_), Some(keygen), Some(_)] = programs else {
            println!("skipped: needs sshd, ssh, ssh-keygen and rsync (apt: openssh-server rsync)");
            return None;
        };
        let directory = TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        for key in ["host", "client", "stranger"] {
            let made =
                Command::new(&keygen).args(["-q", "-t", "ed25519", "-N", "", "-f", &path(key)]).status();
            assert!(made.unwrap().success());
        }
        fs::copy(path("client.pub"), path("authorized")).unwrap();
        // sshd asks for this directory when it runs as root; the init scripts make it elsewhere.
        let _ = fs::create_dir_all("/run/sshd");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
            path("host"),
            path("authorized")
        );
        if let Some(force) = force {
            config.push_str(&format!("ForceCommand {}\n", force.display()));
        }
        fs::write(path("config"), config).unwrap();
        let host_key = fs::read_to_string(path("host.pub")).unwrap();
        fs::write(path("known"), format!("[localhost]:{port} {host_key}")).unwrap();
        // It wants to be called by its whole path.
        let mut command = Command::new(sshd);
        command.args(["-D", "-f", &path("config"), "-E", &path("log")]).stdin(Stdio::null());
        let child = command.spawn().unwrap();
        let server = Self { port, child, directory };
        server.wait();
        Some(server)
    }

    fn wait(&self) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(30), "sshd does not listen: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The remote shell that reaches it as `localhost`, with the key that it knows.
    pub(crate) fn ssh(&self) -> String {
        self.ssh_with("client", "known")
    }

    /// The same with a key that it does not know.
    pub(crate) fn ssh_of_a_stranger(&self) -> String {
        self.ssh_with("stranger", "known")
    }

    /// The same of somebody who does not know its key.
    pub(crate) fn ssh_that_has_not_met_it(&self) -> String {
        self.ssh_with("client", "nobody")
    }

    fn ssh_with(&self, key: &str, known: &str) -> String {
        format!(
            "ssh -F none -4 -p {} -i {} -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes \
             -o UserKnownHostsFile={} -o GlobalKnownHostsFile=none -o BatchMode=yes",
            self.port,
            self.path(key).display(),
            self.path(known).display()
        )
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program on `PATH`, or where administrators' programs are.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// Who runs the tests.
pub(crate) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
