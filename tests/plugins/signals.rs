//! A signal ends a call in good order: one answer, which says that the call may be made again, and nothing left behind.

use std::fs::{self, File};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use vhd_porter::wire::xmlrpc::Answer;

use crate::host::{Host, xml};
use crate::repository::Sr;

#[test]
fn a_call_that_is_stopped_is_answered() {
    let (host, sr, scratch) = (Host::new(), Sr::new(), tempfile::tempdir().unwrap());
    sr.chain(2);
    let before = sr.content();
    // Held open, and nothing comes.
    let image = scratch.path().join("image");
    rustix::fs::mkfifoat(rustix::fs::CWD, &image, rustix::fs::Mode::RWXU).unwrap();
    let _writer = File::options().read(true).write(true).open(&image).unwrap();
    let arguments = json!({ "image": image, "sr_path": sr.text(), "tool": "embedded" }).to_string();
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT"), (Signal::HUP, "SIGHUP")] {
        let mut call = host.command("porter");
        call.arg(xml("import_image", &[("json", &arguments)]));
        let answer = scratch.path().join("answer");
        let mut child = call.stdout(File::create(&answer).unwrap()).spawn().unwrap();
        while fs::read_dir(sr.path()).unwrap().count() == before.len() {
            std::thread::sleep(Duration::from_millis(2));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let message = format!("stopped by {name}, nothing landed");
        let expected = ["XENAPI_PLUGIN_FAILURE", "import_image", "RetryableError", &message];
        assert_eq!(
            Answer::read(&fs::read(&answer).unwrap()).unwrap(),
            Answer::Failure(expected.map(str::to_owned).to_vec())
        );
        assert_eq!(sr.content(), before);
    }
}
