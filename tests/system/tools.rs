//! Who relinks and checks: the embedded engine, a real `vhd-util` where the tests are told of one, and bad ones.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Fixture, Porter, Sr, chain, guest, skipped};

/// The real `vhd-util`, if the environment names it.
fn vhd_util(what: &str) -> Option<String> {
    let named = std::env::var("VHD_PORTER_TEST_VHD_UTIL").ok().filter(|path| !path.is_empty());
    if named.is_none() {
        skipped(what, "VHD_PORTER_TEST_VHD_UTIL does not name a real vhd-util");
    }
    named
}

/// A shell script as the host's tool.
fn script(body: &str) -> (TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a tool");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    (scratch, path)
}

fn importing(sr: &Sr, tool: &str, command: &str) -> Porter {
    sr.importing(&Fixture::diff3().path).args(["--tool", tool, "--vhd-util", command])
}

#[test]
fn the_embedded_engine_needs_no_tool() {
    for (tool, command) in
        [("embedded", "/no/such/tool"), ("auto", "/no/such/tool"), ("auto", "no-such-tool")]
    {
        let sr = Sr::new();
        let vdis = chain(&importing(&sr, tool, command).run().done());
        sr.assert_chain(&vdis);
    }
}

#[test]
fn the_real_tool_and_the_engine_make_the_same_of_a_chain() {
    let Some(tool) = vhd_util("import by the real vhd-util") else { return };
    for fixture in [Fixture::diff3(), Fixture::ext4_chain(), Fixture::ext4_single()] {
        for choice in ["vhd-util", "both", "auto", "embedded"] {
            let sr = Sr::new();
            let run = sr.importing(&fixture.path).args(["--tool", choice, "--vhd-util", &tool]).run().done();
            let vdis = chain(&run);
            sr.assert_chain(&vdis);
            assert_eq!(guest(&sr.files(&vdis)), fixture.raw(0), "{choice}");
            assert!(!run.text().contains("differ"), "{choice}: {}", run.text());
            for (index, file) in sr.files(&vdis).iter().enumerate() {
                let check = Command::new(&tool).args(["check", "-n"]).arg(file).output().unwrap();
                let said = String::from_utf8_lossy(&check.stdout).into_owned();
                assert!(check.status.success() && said.trim().ends_with(" is valid"), "{choice}: {said}");
                let parent = Command::new(&tool).args(["query", "-p", "-n"]).arg(file).output().unwrap();
                let said = String::from_utf8_lossy(&parent.stdout).trim().to_owned();
                match vdis.get(index + 1) {
                    Some(uuid) => assert!(said.ends_with(&format!("/{uuid}.vhd")), "{choice}: {said}"),
                    None => assert!(said.ends_with(" has no parent"), "{choice}: {said}"),
                }
            }
            let pattern = format!("{}/*.vhd", sr.root().display());
            let scan = Command::new(&tool).args(["scan", "-f", "-m", &pattern]).output().unwrap();
            let said = String::from_utf8_lossy(&scan.stdout).into_owned();
            assert!(scan.status.success() && !said.contains("error"), "{choice}: {said}");
        }
    }
}

#[test]
fn the_real_tool_copies_through_the_environment() {
    let Some(tool) = vhd_util("copy by the real vhd-util") else { return };
    let (sr, vdis) = Sr::with(Fixture::diff3());
    for choice in ["vhd-util", "both"] {
        let porter = Porter::new(["copy", "--json", "--tool", choice, "--sr"]).arg(sr.root());
        let copies = chain(&porter.vdis(&vdis).env("VHD_PORTER_VHD_UTIL", &tool).run().done());
        sr.assert_chain(&copies);
        assert_eq!(guest(&sr.files(&copies)), Fixture::diff3().raw(0));
    }
}

#[test]
fn a_missing_tool_is_missing_only_when_it_was_asked_for() {
    let sr = Sr::new();
    let before = sr.snapshot();
    let (_scratch, not_executable) = script("exit 0");
    std::fs::set_permissions(&not_executable, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let quoted = format!("'{}'", not_executable.display());
    for tool in ["vhd-util", "both"] {
        for command in ["/no/such/tool", "no-such-tool first", &quoted] {
            let message = importing(&sr, tool, command).run().refused("tool-missing");
            assert!(message.contains("expected the host's vhd-util, found no such program"), "{message}");
        }
    }
    for tool in ["vhd-util", "both", "auto"] {
        let message = importing(&sr, tool, "vhd-util 'unbalanced").run().refused("bad-configuration");
        assert!(message.contains("quoted as in a shell"), "{message}");
    }
    assert_eq!(importing(&sr, "magic", "vhd-util").run().status, 2);
    assert_eq!(sr.snapshot(), before);
}

#[test]
fn the_command_is_split_as_a_shell_would() {
    let (scratch, tool) = script("printf '%s\\n' \"$@\" > \"$(dirname \"$0\")/args\"; exit 7");
    let sr = Sr::new();
    let command = format!("'{}' \"two words\" $HOME", tool.display());
    let message = importing(&sr, "vhd-util", &command).run().refused("tool");
    let args = std::fs::read_to_string(scratch.path().join("args")).unwrap();
    let args: Vec<&str> = args.lines().collect();
    // No shell: nothing is expanded.
    assert_eq!(args[..2], ["two words", "$HOME"]);
    assert!(message.contains("'two words' '$HOME'") && message.contains("exit status: 7"), "{message}");
}

#[test]
fn a_tool_that_fails_or_babbles_lands_nothing() {
    let passes = "case \"$*\" in *query*) exec >/dev/null;; esac; exit 0";
    for (body, tool, kind, words) in [
        ("echo out; echo boom >&2; exit 3", "vhd-util", "tool", "boom"),
        ("exit 3", "vhd-util", "tool", "it printed nothing"),
        ("kill -9 $$", "vhd-util", "tool", "signal: 9"),
        (passes, "vhd-util", "tool", "expected the virtual size in MiB on the first line"),
        ("echo certainly; exit 0", "vhd-util", "tool", "found \"certainly"),
        ("sleep 20 & echo behind; exit 3", "vhd-util", "tool", "behind"),
        ("yes | head -c 3000000; exit 0", "vhd-util", "tool", "expected"),
        ("head -c 100000 /dev/urandom; exit 0", "vhd-util", "tool", "expected"),
        // The engine works, the tool only looks: an image is valid when both say so.
        (
            "echo 'primary footer invalid: nothing pleases me'; exit 22",
            "both",
            "bad-image",
            "nothing pleases me",
        ),
        ("exit 0", "both", "bad-image", "no verdict"),
        ("kill -9 $$", "both", "tool", "signal: 9"),
    ] {
        let (_scratch, path) = script(body);
        let sr = Sr::new();
        let before = sr.snapshot();
        // A lone disk needs no edit: the tool is asked what the disk is, and whether it is sound.
        let command = format!("'{}'", path.display());
        let porter =
            sr.importing(&Fixture::ext4_single().path).args(["--tool", tool, "--vhd-util", &command]);
        let message = porter.run().refused(kind);
        assert!(message.contains(words), "{body}: {message}");
        assert!(message.len() < 5000, "{body}: {} bytes of message", message.len());
        assert_eq!(sr.snapshot(), before, "{body}");
    }
}

#[test]
fn a_tool_that_lies_does_not_get_past_the_gate() {
    // It says that all is well, and does nothing: the links are not linked.
    let body = "case \"$*\" in *check*) echo 'x is valid';; *query*) printf '4\\n5\\nx has no parent\\nhidden: 0\\n';; esac";
    let (_scratch, path) = script(body);
    let sr = Sr::new();
    let before = sr.snapshot();
    let command = format!("'{}'", path.display());
    let message = importing(&sr, "vhd-util", &command).run().refused("bad-image");
    assert!(message.contains("expected"), "{message}");
    assert_eq!(sr.snapshot(), before);
}
