//! `agent`: guests whose agents answer, in many ways and not at all.

use serde_json::{Value, json};

use super::case::{Answer, Case, failure, plain, run, value};
use super::stage::{Call, Stage, has_xenstore};
use super::xenstored::Records;

const ID: &str = "5f1c2f0e-6f0c-4a55-9a0e-3f6a2c6d9f10";

/// Guests: 3 has an agent that can do everything, 4 an old one, 5 one that writes no files, 6 none, 7 goes away, 8 talks
/// nonsense. An agent says what it was asked.
fn guest(records: &mut Records, domain: &str, path: &str) {
    let Some(id) = path.strip_prefix("data/host/") else { return };
    let request = records[&format!("/local/domain/{domain}/{path}")].clone();
    // What it said before has been taken away; one that it cannot read, it does not answer.
    records.remove(&format!("/local/domain/{domain}/data/guest/{id}"));
    let Ok(asked) = serde_json::from_str::<Value>(&request) else { return };
    let features = match domain {
        "3" => "version,features,file_inject,injectfile",
        "4" => "version,features,injectfile",
        _ => "version,features",
    };
    let answer = match (domain, asked["name"].as_str().unwrap()) {
        ("6", _) => return,
        ("7", _) => return records.retain(|path, _| !path.starts_with("/local/domain/7")),
        ("8", _) => "pong".to_owned(),
        (_, "features") => json!({ "returncode": "0", "message": features }).to_string(),
        _ => json!({ "returncode": "0", "message": shown(&request) }).to_string(),
    };
    records.insert(format!("/local/domain/{domain}/data/guest/{id}"), answer);
}

/// A request without what xenstore's programs escape.
fn shown(request: &str) -> String {
    request.replace('"', "'").replace('\\', "%")
}

fn stage() -> Stage {
    let mut stage = Stage::new(guest);
    stage.host.set("VHD_PORTER_AGENT_TIMEOUT", "1");
    stage.xenstored.change(|records| {
        for domain in 3..=8 {
            records.insert(format!("/local/domain/{domain}/name"), "vm".to_owned());
        }
    });
    stage
}

fn ask<'a>(
    function: &'static str,
    domain: &'a str,
    more: impl AsRef<[(&'static str, &'a str)]>,
    answer: Answer,
) -> Case {
    let arguments = [&[("id", ID), ("dom_id", domain), ("timeout", "1")], more.as_ref()].concat();
    plain(function, arguments, answer)
}

fn cases() -> Vec<Case> {
    // The very bytes that an agent is given.
    let asked = |request: &str| value(json!({ "returncode": "0", "message": shown(request) }));
    let file = [("b64_path", "L2E="), ("b64_contents", "Y29udGVudA==")];
    vec![
        ask("version", "3", [], asked(r#"{"name": "version", "value": "agent"}"#)),
        ask("key_init", "3", [("pub", "1234567890")], asked(r#"{"name": "keyinit", "value": "1234567890"}"#)),
        ask(
            "password",
            "3",
            [("enc_pass", "c2VjcmV0\n")],
            asked(r#"{"name": "password", "value": "c2VjcmV0\n"}"#),
        )
        .originally(
            failure("PluginError", "TIMEOUT: "),
            "xenstore-write takes the escape away: it is no JSON any more",
        ),
        ask("resetnetwork", "3", [], asked(r#"{"name": "resetnetwork", "value": ""}"#)),
        ask(
            "agentupdate",
            "3",
            [("url", "http://h/ä"), ("md5sum", "d41d8cd9")],
            asked(r#"{"name": "agentupdate", "value": "http://h/\u00e4,d41d8cd9"}"#),
        )
        .originally(
            asked(r#"{"name": "agentupdate", "value": "http://h/u00e4,d41d8cd9"}"#),
            "xenstore-write takes the backslash away",
        ),
        ask(
            "inject_file",
            "3",
            file,
            asked(r#"{"name": "file_inject", "value": {"b64_path":"L2E=","b64_file":"Y29udGVudA=="}}"#),
        )
        .originally(
            asked(r#"{"name": "file_inject", "value": {"b64_file": "Y29udGVudA==", "b64_path": "L2E="}}"#),
            "a Python 2 dict has any order",
        ),
        ask("inject_file", "4", file, asked(r#"{"name": "injectfile", "value": "L2EsY29udGVudA=="}"#)),
        ask(
            "inject_file",
            "5",
            file,
            failure("NotImplementedError", "NOT IMPLEMENTED: Agent does not support file injection."),
        ),
        ask("inject_file", "8", file, failure("NotImplementedError", "NOT IMPLEMENTED: "))
            .originally(failure("TypeError", "string indices"), "nonsense is no list of features"),
        ask("version", "8", [], value("pong")),
        ask("version", "6", [], failure("PluginError", "TIMEOUT: No response from agent within 1 seconds.")),
        ask("version", "7", [], failure("RebootDetectedError", "REBOOT: dom_id 7 no longer present")),
        plain(
            "version",
            [("id", ID), ("dom_id", "6")],
            failure("PluginError", "TIMEOUT: No response from agent within 1 seconds."),
        )
        .not_asked("it would wait 30 s"),
        plain(
            "inject_file",
            [("id", ID), ("dom_id", "6"), ("timeout", "20"), file[0], file[1]],
            failure("PluginError", "TIMEOUT: No response from agent within 1 seconds."),
        )
        .not_asked("it would wait 30 s"),
    ]
}

#[test]
fn agents_are_asked_as_the_original_asks_them() {
    if has_xenstore() {
        run("agent.py", stage, &cases());
    }
}

#[test]
fn a_request_without_an_answer_is_taken_back() {
    if !has_xenstore() {
        return;
    }
    let stage = stage();
    let version = Call::Plain(vec![("id", ID.into()), ("dom_id", "6".into()), ("timeout", "1".into())]);
    assert!(stage.call("agent.py", "version", &version).is_err());
    let left: Vec<String> =
        stage.xenstored.below("/local/domain/6/data").into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, ["/local/domain/6/data", "/local/domain/6/data/host"]);
}

#[test]
fn a_longer_wait_than_anybody_has_is_refused() {
    let version = Call::Plain(vec![("id", ID.into()), ("dom_id", "6".into()), ("timeout", "86401".into())]);
    let (class, message) = stage().call("agent.py", "version", &version).unwrap_err();
    assert_eq!(
        (class.as_str(), message.as_str()),
        ("ArgumentError", "timeout: expected at most 86400 seconds, found 86401")
    );
}
