//! A tree that will be the root of a control domain, and what is in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{have, sha256};

/// Where xapi looks for plugins.
pub(crate) const PLUGINS: &str = "etc/xapi.d/plugins";
/// Where the manifest is.
pub(crate) const MANIFEST: &str = "var/lib/vhd-porter/install.json";
/// Plugins of os-xenapi with names that ours have as well.
pub(crate) const ORIGINALS: [&str; 3] = ["glance.py", "migration", "xenstore.py"];

/// The built programs, without what only debuggers need: they are copied again and again.
static BUILT: LazyLock<TempDir> = LazyLock::new(|| {
    let place = tempfile::tempdir().unwrap();
    for program in [
        env!("CARGO_BIN_EXE_vhd-porter"),
        env!("CARGO_BIN_EXE_vhd-porter-plugin"),
        env!("CARGO_BIN_EXE_vhd-util"),
    ] {
        let copy = place.path().join(Path::new(program).file_name().unwrap());
        let stripped =
            have("strip").map(|strip| Command::new(strip).arg("-o").arg(&copy).arg(program).status());
        if !stripped.is_some_and(|status| status.is_ok_and(|status| status.success())) {
            fs::copy(program, &copy).unwrap();
        }
    }
    place
});

/// The directory of the built programs.
pub(crate) fn built() -> &'static Path {
    BUILT.path()
}

/// A tree.
pub(crate) struct Tree {
    _scratch: Option<TempDir>,
    root: PathBuf,
}

/// What is in a tree: for each path what stands there.
pub(crate) type Content = BTreeMap<String, String>;

impl Tree {
    /// With xapi's directory of plugins, and plugins in it.
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let tree = Self { root: scratch.path().join("root"), _scratch: Some(scratch) };
        let plugins = tree.path(PLUGINS);
        fs::create_dir_all(&plugins).unwrap();
        for name in ["glance.py", "migration", "dom0_pluginlib.py", "utils.py"] {
            fs::write(plugins.join(name), format!("#!/usr/bin/env python\n# {name}\n")).unwrap();
            fs::set_permissions(plugins.join(name), fs::Permissions::from_mode(0o750)).unwrap();
        }
        symlink("/opt/xensource/libexec/xenstore.py", plugins.join("xenstore.py")).unwrap();
        tree
    }

    /// The one that is in `root` already.
    pub(crate) fn at(root: &Path) -> Self {
        Self { _scratch: None, root: root.to_owned() }
    }

    /// The same again.
    pub(crate) fn duplicate(&self) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let copy = self.copy_to(&scratch.path().join("root"));
        Self { _scratch: Some(scratch), ..copy }
    }

    /// The same again, in a directory that is not there yet.
    pub(crate) fn copy_to(&self, root: &Path) -> Self {
        let copied = Command::new("cp").arg("-a").arg(&self.root).arg(root).status().unwrap();
        assert!(copied.success());
        Self::at(root)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// The path of a plugin.
    pub(crate) fn plugin(&self, name: &str) -> PathBuf {
        self.path(PLUGINS).join(name)
    }

    /// A run of the built program.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.command_of(&built().join("vhd-porter"), words)
    }

    /// A run of a copy of it.
    pub(crate) fn command_of(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).arg("--json").arg("--root").arg(&self.root);
        command
    }

    /// What a run that succeeds says.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Value {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", told(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The kind and message of why a run fails.
    #[track_caller]
    pub(crate) fn refused(&self, words: &[&str]) -> (String, String) {
        why(&self.command(words).output().unwrap())
    }

    /// All that is in it but backups' and manifests' insides.
    pub(crate) fn content(&self) -> Content {
        let mut content = Content::new();
        self.add(&self.root, &mut content);
        content
    }

    fn add(&self, directory: &Path, content: &mut Content) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let what = if metadata.is_symlink() {
                format!("link to {}", fs::read_link(&path).unwrap().display())
            } else if metadata.is_dir() {
                self.add(&path, content);
                format!("directory {:o}", metadata.mode())
            } else if metadata.is_file() {
                format!("file {:o} {}", metadata.mode(), sha256(&fs::read(&path).unwrap()))
            } else {
                "something else".to_owned()
            };
            content.insert(path.strip_prefix(&self.root).unwrap().display().to_string(), what);
        }
    }
}

/// Without our state.
pub(crate) fn without_state(mut content: Content) -> Content {
    content.retain(|path, _| !path.starts_with("var"));
    content
}

/// The kind and message of the failure that a run ended with.
#[track_caller]
pub(crate) fn why(output: &Output) -> (String, String) {
    assert_eq!(output.status.code(), Some(1), "{}", told(output));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| said["error"][name].as_str().unwrap().to_owned();
    (text("kind"), text("message"))
}

/// A run in words.
pub(crate) fn told(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{}; {}; {}", output.status, out.trim(), err.trim())
}

/// The paths that a report says something was done to.
pub(crate) fn paths(report: &Value, action: &str) -> Vec<String> {
    let changes = report["changes"].as_array().unwrap().iter();
    let of = changes.filter(|change| change["action"] == action);
    of.map(|change| change["path"].as_str().unwrap().to_owned()).collect()
}

/// The backup that a report names for a path.
pub(crate) fn backup(report: &Value, path: &str) -> Option<String> {
    let change = report["changes"].as_array().unwrap().iter().find(|change| change["path"] == path);
    change.unwrap()["backup"].as_str().map(ToOwned::to_owned)
}
