//! What a control plane can ask of calls that are at work: how far they are, and to stop.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vhd_porter::wire::xmlrpc::Answer;

use crate::calls::in_json;
use crate::host::{Host, Outcome, xml};
use crate::repository::{Sr, some_uuids};

fn image() -> Vec<u8> {
    fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/oracle/diff3-chain.tar.gz")).unwrap()
}

/// All transfers, as the plugin tells of them.
fn transfers(host: &Host) -> Vec<Value> {
    in_json(host, "porter", "status", &json!({}))["transfers"].as_array().unwrap().clone()
}

/// A host that asks for the calls of another: each hears its own log.
fn asking(host: &Host) -> Host {
    let mut asking = Host::new();
    asking.set("VHD_PORTER_STATE", host.path("state"));
    asking
}

/// Runs an import of a pipe that has got the first 1000 bytes, and calls `then` with the pipe and what is told of it.
fn while_importing(host: &Host, sr: &Sr, then: impl FnOnce(File, Value)) -> Outcome {
    let asking = asking(host);
    let pipe: PathBuf = host.path("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let mut open = File::options().read(true).write(true).open(&pipe).unwrap();
    open.write_all(&image()[..1000]).unwrap();
    let stack = some_uuids(3);
    let arguments = json!({ "image": pipe, "sr_path": sr.text(), "uuid_stack": stack }).to_string();
    let mut call = host.command("porter");
    call.arg(xml("import_image", &[("json", &arguments)]));
    let answer = host.path("answer");
    let mut child = call.stdout(File::create(&answer).unwrap()).spawn().unwrap();
    let start = Instant::now();
    let shown = loop {
        match transfers(&asking).into_iter().find(|one| one["bytes"] == 1000) {
            Some(shown) => break shown,
            None => thread::sleep(Duration::from_millis(20)),
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{:#?}", transfers(&asking));
    };
    assert_eq!(shown["pid"], child.id());
    let leaf_first: Vec<_> = stack.iter().rev().collect();
    assert_eq!(shown["vdis"], json!(leaf_first));
    let mut log = host.said();
    let status = thread::scope(|scope| {
        let ended = scope.spawn(|| {
            loop {
                // The queue of the socket holds a few lines only.
                log.extend(host.said());
                match child.try_wait().unwrap() {
                    Some(status) => break status.code(),
                    None => thread::sleep(Duration::from_millis(1)),
                }
            }
        });
        then(open, shown);
        ended.join().unwrap()
    });
    log.extend(host.said());
    Outcome { status, stdout: fs::read_to_string(answer).unwrap(), stderr: String::new(), log }
}

#[test]
fn a_call_is_seen_at_work_by_another_one_and_by_hand() {
    let (host, sr, image) = (Host::new(), Sr::new(), image());
    let outcome = while_importing(&host, &sr, |mut pipe, shown| {
        assert_eq!((&shown["what"], &shown["state"]), (&json!("porter.import_image"), &json!("running")));
        assert_eq!((&shown["stage"], &shown["sr"]), (&json!("unpacking"), &json!(sr.text())));
        let (id, directory) = (shown["id"].as_str().unwrap(), host.path("state/status"));
        let host = asking(&host);
        let one = in_json(&host, "porter", "status", &json!({ "id": &id[..5] }));
        assert_eq!(one["transfers"][0]["id"], shown["id"]);
        let by_hand = Command::new(env!("CARGO_BIN_EXE_vhd-porter"))
            .args(["call", "porter", "status", "--json", "{}"])
            .env("VHD_PORTER_STATE", directory.parent().unwrap())
            .output()
            .unwrap();
        let document: Value = serde_json::from_slice(&by_hand.stdout).unwrap();
        assert_eq!(document["transfers"][0]["id"], shown["id"]);
        let pickled = host.call("porter", xml("status", &[("params", "(dp0\n.")]));
        assert!(matches!(pickled, Answer::Success(text) if text.contains("porter.import_image")));
        assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o7777, 0o700);
        let file = directory.join(format!("{id}.status")).metadata().unwrap();
        assert_eq!((file.mode() & 0o7777, file.len()), (0o600, 8192 + 256));
        pipe.write_all(&image[1000..]).unwrap();
    });
    assert!(matches!(Answer::read(outcome.stdout.as_bytes()).unwrap(), Answer::Success(_)));
    assert_eq!(transfers(&host)[0]["state"], "done");
}

#[test]
fn a_call_is_stopped_by_another_one_and_its_log_has_its_id() {
    let (host, sr) = (Host::new(), Sr::new());
    let before = sr.content();
    let outcome = while_importing(&host, &sr, |_pipe, shown| {
        let host = asking(&host);
        let (class, message) = host.failure("porter", xml("cancel", &[("json", r#"{"id": "nothing"}"#)]));
        assert_eq!(class, "ArgumentError", "{message}");
        let stopped = in_json(&host, "porter", "cancel", &json!({ "id": shown["id"] }));
        assert_eq!((&stopped["id"], &stopped["state"]), (&shown["id"], &json!("stopped")));
    });
    let message = "stopped by SIGTERM, nothing landed";
    let expected = ["XENAPI_PLUGIN_FAILURE", "import_image", "RetryableError", message].map(str::to_owned);
    assert_eq!(Answer::read(outcome.stdout.as_bytes()).unwrap(), Answer::Failure(expected.to_vec()));
    assert_eq!((outcome.status, sr.content() == before), (Some(0), true));
    let shown = transfers(&host);
    let id = shown[0]["id"].as_str().unwrap();
    let of_it: Vec<&String> = outcome.log.iter().filter(|line| line.contains(&format!(": {id} "))).collect();
    for said in ["called", "asked to stop by porter.cancel", "held back, at", "broken_off=true", message] {
        assert!(of_it.iter().any(|line| line.contains(said)), "{said}: {:#?}", outcome.log);
    }
}

#[test]
fn a_failing_call_tells_what_it_held_back_and_one_that_succeeds_does_not() {
    let (host, sr) = (Host::new(), Sr::new());
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/oracle/diff3-chain.tar.gz");
    let damaged = host.path("damaged");
    fs::write(&damaged, &fs::read(image).unwrap()[..3000]).unwrap();
    for (image, fails) in [(PathBuf::from(image), false), (damaged, true)] {
        let arguments = json!({ "image": image, "sr_path": sr.text() }).to_string();
        let outcome = host.run(host.command("porter").arg(xml("import_image", &[("json", &arguments)])));
        assert_eq!(outcome.stderr, "");
        let held: Vec<&String> = outcome.log.iter().filter(|line| line.contains("held back")).collect();
        assert_eq!(!held.is_empty(), fails, "{:#?}", outcome.log);
        // As informative as the others, for filters; the failure comes last, and once.
        assert!(held.iter().all(|line| line.starts_with("<14>porter[")), "{held:#?}");
        let last = outcome.log.last().unwrap();
        assert_eq!(last.starts_with("<11>porter["), fails, "{last}");
        // Every line of a call has one id.
        let id = |line: &String| line.split(' ').nth(1).unwrap().to_owned();
        assert!(outcome.log.iter().all(|line| id(line) == id(last)), "{:#?}", outcome.log);
        let latest = transfers(&host).into_iter().find(|one| one["id"] == id(last));
        assert_eq!(latest.unwrap()["state"], if fails { "failed" } else { "done" });
    }
}

#[test]
fn only_what_moves_data_has_a_status() {
    let (host, sr) = (Host::new(), Sr::new());
    let chain = sr.chain(2);
    host.call("dom0_plugin_version", xml("get_version", &[]));
    in_json(&host, "porter", "inspect", &json!({ "path": sr.file(chain[0]) }));
    assert_eq!(transfers(&host), Vec::<Value>::new());
    assert!(!host.path("state/status").exists());
    let (class, _) = host.failure("porter", xml("cancel", &[("json", r#"{"id": "00000000"}"#)]));
    assert_eq!(class, "ArgumentError");
    let copy = json!({ "sr_path": sr.text(), "vdi_uuids": chain, "uuid_stack": some_uuids(2) });
    in_json(&host, "workarounds", "safe_copy_vdis", &copy);
    in_json(&host, "porter", "check", &json!({ "path": sr.text() }));
    let export = json!({ "sr_path": sr.text(), "vdi_uuids": chain, "file": host.path("out") });
    in_json(&host, "porter", "export_image", &export);
    let mut told: Vec<String> = transfers(&host).iter().map(|one| one["what"].to_string()).collect();
    told.sort();
    assert_eq!(told, [r#""porter.check""#, r#""porter.export_image""#, r#""workarounds.safe_copy_vdis""#]);
}
