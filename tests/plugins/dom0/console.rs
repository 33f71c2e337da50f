//! `console`: logs of all lengths, as Python reads them.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::case::{failure, plain, run};
use super::stage::{Call, Stage};

fn stage() -> Stage {
    Stage::new(|_, _, _| ())
}

fn log(stage: &Stage, domain: &str) -> Result<Value, (String, String)> {
    stage.call("console.py", "get_console_log", &Call::Plain(vec![("dom_id", domain.into())]))
}

#[test]
fn the_last_100_kib_come_compressed() {
    let stage = stage();
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(|n| n.to_le_bytes()).collect();
    for length in [0, 1, 102_399, 102_400, 102_401, 1_200_000] {
        fs::write(stage.host.path("console").join("console.12"), &bytes[..length]).unwrap();
        let Value::String(text) = log(&stage, "12").unwrap() else { panic!("no text") };
        let mut found = Vec::new();
        let compressed = STANDARD.decode(text).unwrap();
        flate2::read::ZlibDecoder::new(compressed.as_slice()).read_to_end(&mut found).unwrap();
        assert_eq!(found, bytes[length.saturating_sub(102_400)..length], "{length}");
    }
}

#[test]
fn a_domain_without_a_log_is_refused_as_the_original_does() {
    let call = |arguments, answer| plain("get_console_log", arguments, answer);
    run(
        "console.py",
        stage,
        &[
            plain("get_console_log", [], failure("PluginError", "Missing dom_id")),
            call([("dom_id", "x")], failure("PluginError", "Invalid dom_id")),
            call([("dom_id", "../../etc/passwd")], failure("PluginError", "Invalid dom_id")),
            call([("dom_id", "-1")], failure("PluginError", "Invalid dom_id"))
                .originally(failure("IOError", "No such file"), "no domain has such a number"),
            call([("dom_id", "12")], failure("OSError", "No such file or directory"))
                .originally(failure("IOError", "No such file or directory"), "Python 3 calls it OSError"),
        ],
    );
}

#[test]
fn what_is_no_regular_file_is_not_read() {
    let stage = stage();
    let console = stage.host.path("console");
    symlink("/etc/passwd", console.join("console.1")).unwrap();
    fs::create_dir(console.join("console.2")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        console.join("console.3"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    for domain in ["1", "2", "3"] {
        let (class, message) = log(&stage, domain).unwrap_err();
        assert_eq!(class, "OSError", "{message}");
        assert!(message.contains(&format!("console.{domain}")), "{message}");
    }
}
