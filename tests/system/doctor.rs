//! `vhd-porter doctor`: what is found of a host and an SR, without anything being changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Mount, Porter, Run, Sr};

/// The doctor, on a host that has nothing.
fn doctor() -> Porter {
    doctor_of(Path::new("/nonexistent/plugins"))
}

/// The doctor, on a host that has nothing but a directory of plugins.
fn doctor_of(plugins: &Path) -> Porter {
    let nowhere = ["XAPI_INVENTORY", "XAPI_POOL_CONF", "SR_MOUNTS"];
    let porter = Porter::new(["doctor", "--json", "--plugin-dir"]).arg(plugins);
    let porter = nowhere.iter().fold(porter, |p, name| p.env(&format!("VHD_PORTER_{name}"), "/nonexistent"));
    porter
        .env("VHD_PORTER_STATE", "/var/tmp/vhd-porter-state-of-tests/none")
        .env("PATH", "/sbin:/usr/sbin:/bin:/usr/bin")
        .env("VHD_PORTER_VHD_UTIL", "vhd-util")
        .env("VHD_PORTER_CONFIG", "/dev/null")
}

fn at(sr: &Path) -> Porter {
    doctor().arg("--sr").arg(sr)
}

/// What was found of `what`: levels and texts.
fn found(run: &Run, what: &str) -> Vec<(String, String)> {
    let document = run.json();
    let lines = document["lines"].as_array().unwrap();
    for line in lines {
        assert_eq!(line["advice"].is_null(), line["level"] == "good", "{line}");
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let lines = lines.iter().filter(|line| line["what"] == what);
    lines.map(|line| (text(&line["level"]), text(&line["found"]))).collect()
}

/// The one thing that was found of `what`, which starts so.
#[track_caller]
fn assert_found(run: &Run, what: &str, level: &str, text: &str) {
    let found = found(run, what);
    assert!(found.iter().any(|(l, t)| l == level && t.contains(text)), "{what}: {found:?}");
}

/// A script in `dir` that is a program.
fn script(dir: &Path, name: &str, body: &str) -> std::path::PathBuf {
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_host_with_nothing_is_told_so_calmly() {
    let run = doctor().run();
    if !rustix::process::geteuid().is_root() {
        assert_found(&run, "user", "warn", "not root");
    }
    for (what, text) in [
        ("program", "vhd-porter-plugin is beside it"),
        ("kernel", "Linux "),
        ("state", "made by the first import"),
        ("xapi", "none at unix:/var/lib/xcp/xapi"),
        ("plugins", "no /nonexistent/plugins"),
        ("SR", "none is mounted"),
    ] {
        assert_found(&run, what, "good", text);
    }
    let document = run.json();
    assert_eq!((run.status, &document["bad"]), (0, &Value::from(0)), "{document}");
}

#[test]
fn an_sr_is_probed_and_left_as_it_was() {
    let (sr, dir) = (Sr::new(), tempfile::tempdir().unwrap());
    let before = sr.snapshot();
    let ours = env!("CARGO_BIN_EXE_vhd-util");
    let run = at(sr.root()).env("VHD_PORTER_VHD_UTIL", ours).run();
    assert_eq!(sr.snapshot(), before);
    assert_eq!(run.status, 0, "{}", run.text());
    assert_found(&run, "vhd-util", "good", "our own");
    assert_found(&run, "vhd-util", "good", "relinks, hides, queries and checks");
    for (what, text) in [
        ("hard links", "there"),
        ("record locks", "keep others out"),
        ("leftovers", "none"),
        ("room", " free of "),
    ] {
        assert_found(&run, what, "good", text);
    }
    // Whatever is wrong with the host's program: it is said, and nothing stays.
    let usage = "echo 'COMMAND := { query | check | set | modify }'";
    for (name, body, text) in [
        ("idle", &*format!("[ $# = 0 ] && {usage}; exit 0"), "expected"),
        ("other", "echo usage: other", "does not know check, modify, query, set"),
        ("broken", "echo no >&2; exit 3", "exit status: 3"),
    ] {
        let program = script(dir.path(), name, body);
        let run = at(sr.root()).env("VHD_PORTER_VHD_UTIL", program).run();
        assert_eq!((run.status, sr.snapshot() == before), (1, true), "{name}");
        assert_found(&run, "vhd-util", "bad", text);
    }
}

#[test]
fn one_that_is_stopped_or_killed_leaves_nothing_or_what_recover_removes() {
    let (sr, dir) = (Sr::new(), tempfile::tempdir().unwrap());
    let before = sr.snapshot();
    let mark = dir.path().join("mark");
    let usage = "[ $# = 0 ] && echo 'COMMAND := { query | check | set | modify }' && exit 0";
    let hang = script(dir.path(), "hang", &format!("{usage}; touch {}; sleep 60", mark.display()));
    for (signal, status) in [(Signal::TERM, 143), (Signal::KILL, -1)] {
        let _ = fs::remove_file(&mark);
        let there = mark.clone();
        let run = at(sr.root())
            .env("VHD_PORTER_VHD_UTIL", &hang)
            .signal(signal, move |_: Duration| there.exists())
            .run();
        assert_eq!(run.status, status, "{}", run.text());
        assert_eq!(sr.snapshot() == before, signal == Signal::TERM);
    }
    assert_found(&at(sr.root()).run(), "leftovers", "warn", "1 of runs that died");
    Porter::new(["recover", "--sr"]).arg(sr.root()).run().done();
    assert_eq!(sr.snapshot(), before);
}

#[test]
fn what_is_wrong_with_an_sr_is_found() {
    let sr = Sr::new();
    let full = at(sr.root()).env("VHD_PORTER_SR_RESERVE", "100").run();
    assert_found(&full, "room", "bad", "are never filled (sr.reserve, 100 %)");
    assert_eq!(full.status, 1);
    let missing = at(&sr.beside("nothing")).run();
    assert_found(&missing, "SR", "bad", "expected the directory of an SR, found nothing");
    assert_eq!(missing.status, 1);
    fs::create_dir(sr.root().join("tmpAb3_xY")).unwrap();
    let old = at(sr.root()).run().done();
    assert_found(&old, "leftovers", "warn", "tmpAb3_xY");
    let Some(mount) = Mount::tmpfs("an SR that is mounted read-only", 8 << 20) else { return };
    mount.remount("ro");
    let run = at(mount.path()).run();
    assert_found(&run, "SR", "bad", "read-only");
    assert_found(&run, "file system", "good", "tmpfs of tmpfs (ro,");
    assert_eq!(run.status, 1);
}

#[test]
fn the_storage_manager_at_work_is_seen() {
    use vhd_porter::os::{Dir, Lock};
    let place = tempfile::tempdir().unwrap();
    let uuid = "5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11";
    let (sr, locks) = (Sr::at(&place.path().join(uuid)), place.path().join("locks").join(uuid));
    fs::create_dir_all(&locks).unwrap();
    let run = || at(sr.root()).env("VHD_PORTER_SR_LOCKS", place.path().join("locks")).run();
    assert_found(&run(), "SM's locks", "good", "held now by nobody");
    let held = Lock::try_take(&Dir::open(&locks).unwrap(), "gc_active").unwrap();
    assert_found(&run(), "SM's locks", "good", "held now by the garbage collector");
    drop(held);
}

#[test]
fn plugins_are_told_from_those_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let run = || doctor_of(dir.path()).run();
    let count = |run: &Run, text: &str| assert_found(run, "plugins", "good", text);
    script(dir.path(), "glance", "echo an older one");
    script(dir.path(), "echo", "none of ours");
    let none = run();
    count(&none, ": 0 of 30 names are ours");
    assert_found(&none, "plugins", "warn", "somebody else's: glance");
    assert_eq!((found(&none, "plugins").len(), none.status), (2, 0));
    symlink(env!("CARGO_BIN_EXE_vhd-porter-plugin"), dir.path().join("migration.py")).unwrap();
    symlink("/nonexistent/vhd-porter-plugin", dir.path().join("kernel")).unwrap();
    let some = run();
    count(&some, ": 1 of 30 names are ours");
    assert_found(&some, "plugins", "bad", "cannot be run: kernel");
    assert_found(&some, "plugins", "warn", "not there: agent, agent.py");
    assert_eq!(some.status, 1);
}

#[test]
fn a_broken_configuration_is_found_and_the_rest_is_looked_at() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "thread = 1\n[http]\nretries = 'x'\n[glance]\ntoken = 'token-of-file'\n").unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let run = || {
        let run = doctor().env("VHD_PORTER_CONFIG", file.path()).env("VHD_PORTER_HTTP_RETRYS", "1");
        run.env("VHD_PORTER_THREADS", "2").run()
    };
    let broken = run();
    for text in ["line 1: unknown setting thread", "line 3: http.retries: expected a whole number"] {
        assert_found(&broken, "configuration", "bad", text);
    }
    assert_found(&broken, "setting", "good", "threads = 2, by VHD_PORTER_THREADS");
    assert_found(&broken, "setting", "good", "glance.token = \"***\", by ");
    assert_found(&broken, "configuration", "warn", "VHD_PORTER_HTTP_RETRYS is set and sets nothing");
    assert_found(&broken, "configuration", "warn", "others may read it (mode 644)");
    assert_found(&broken, "kernel", "good", "Linux");
    assert!(broken.status == 1 && !broken.text().contains("token-of-file"));
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!run().text().contains("others may read"));
}

#[test]
fn what_cannot_be_used_is_warned_of() {
    let run = doctor().env("VHD_PORTER_STATE", "/dev/null/none").run();
    assert_found(&run, "state", "warn", "/dev/null is no directory");
    let run = doctor().env("VHD_PORTER_HTTP_CA_FILE", "/nonexistent/ca.pem").run();
    assert_found(&run, "CA bundle", "bad", "/nonexistent/ca.pem");
    assert_eq!(run.status, 1);
    let words = Porter::new(["doctor"]).env("VHD_PORTER_STATE", "/dev/null/none").run().text();
    let line = words.lines().position(|line| line.starts_with("  warn  state          /dev/null/none: "));
    let advice = words.lines().nth(line.unwrap() + 1).unwrap();
    assert!(advice.trim_start().starts_with("> give it a directory"), "{words}");
}
