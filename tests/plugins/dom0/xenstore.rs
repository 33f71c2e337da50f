//! `xenstore`, through xenstore's own programs.

use serde_json::json;

use super::case::{Case, failure, plain, run, value};
use super::stage::{Call, Stage, has_xenstore};

fn stage() -> Stage {
    let stage = Stage::new(|_, _, _| ());
    stage.xenstored.change(|records| {
        for (path, value) in
            [("", ""), ("/name", "vm"), ("/vm-data", ""), ("/vm-data/a", "x = y"), ("/vm-data/a/b", "[1]")]
        {
            records.insert(format!("/local/domain/3{path}"), value.to_owned());
        }
    });
    stage
}

fn at(path: &str) -> [(&'static str, &str); 3] {
    [("dom_id", "3"), ("path", path), ("host_uuid", "u")]
}

fn cases() -> Vec<Case> {
    let writes = |path, text, answer| {
        plain("write_record", [("dom_id", "3"), ("path", path), ("value", text)], answer)
    };
    let read = |path: &str, ignore: &str, answer| {
        plain("read_record", [("dom_id", "3"), ("path", path), ("ignore_missing_path", ignore)], answer)
    };
    let no_path = || {
        failure(
            "XenstoreError",
            "returncode: 1; stderr: xenstore-read: couldn't read path /local/domain/3/nope\n; stdout: ",
        )
    };
    let not_json = "what it would return is no text, and it takes it for one";
    vec![
        plain("read_record", at("name"), value("vm")),
        writes("data/json", r#"{"a": [1, null]}"#, value(json!({ "a": [1, null] }))),
        plain("read_record", at("data/json"), value(json!({ "a": [1, null] }))),
        writes("data/quote", r#"{"a": "\"\n"}"#, value(json!({ "a": "\"\n" }))),
        plain("read_record", at("data/quote"), value(json!({ "a": "\"\n" }))).originally(
            value("{\"a\": \"\"\\n\"}"),
            "xenstore's programs take escapes away, and add their own",
        ),
        writes("data/text", "é", value("é"))
            .originally(failure("TypeError", "must contain only strings"), "it only writes ASCII"),
        plain("read_record", at("data/text"), value("é"))
            .originally(failure("XenstoreError", "couldn't read path"), "there is none"),
        writes("data/text", "  some text ", value("  some text ")),
        plain("read_record", at("data/text"), value("some text")),
        writes("data/number", "17", value(17)),
        writes("data/empty", "", value("")),
        plain("read_record", at("data/empty"), value("")),
        writes("data/option", "-s", value("-s"))
            .originally(failure("XenstoreError", "Usage: xenstore-write"), "a value is no option"),
        writes("data/large", &"a".repeat(5000), failure("XenstoreError", "could not write path")),
        plain("read_record", at("nope"), no_path()),
        read("nope", "True", value("None")),
        read("name", "True", value("vm")),
        read("nope", "False", no_path())
            .originally(value("None"), "any text is true there, and nobody who says False wants that"),
        plain("list_records", at("vm-data"), value(json!({ "a": "x = y", "a/b": [1] }))).originally(
            failure("ValueError", "too many values"),
            "a value with ` = ` in it breaks its reading of lists",
        ),
        plain("list_records", at("vm-data/"), value(json!({ "a": "x = y", "a/b": [1] })))
            .originally(failure("ValueError", "too many values"), "the same"),
        plain("list_records", at("vm-data/a"), value(json!({ "b": [1] })))
            .originally(failure("TypeError", "expected string or buffer"), not_json),
        plain("list_records", at("nope"), value(json!({})))
            .originally(failure("TypeError", "expected string or buffer"), not_json),
        plain("delete_record", at("data/json"), value("")),
        plain("delete_record", at("data/json"), value("")),
        plain("delete_record", at("nope/nope"), value("")),
        read("data/json", "True", value("None")),
    ]
}

#[test]
fn records_are_read_and_written_as_the_original_does() {
    if has_xenstore() {
        run("xenstore.py", stage, &cases());
    }
}

#[test]
fn all_records_of_a_domain_can_be_listed() {
    if !has_xenstore() {
        return;
    }
    let list = Call::Plain(vec![("dom_id", "3".into()), ("path", String::new())]);
    let all = json!({ "name": "vm", "vm-data": "", "vm-data/a": "x = y", "vm-data/a/b": [1] });
    assert_eq!(stage().call("xenstore.py", "list_records", &list), Ok(all));
}

#[test]
fn a_xenstore_that_does_not_answer_is_told_from_a_missing_record() {
    if !has_xenstore() {
        return;
    }
    let mut stage = stage();
    let arguments: Vec<_> =
        [("dom_id", "3"), ("path", "name"), ("ignore_missing_path", "True"), ("value", "s3cr3t")]
            .map(|(name, value)| (name, value.to_owned()))
            .to_vec();
    stage.host.set("XENSTORED_PATH", stage.host.path("nobody"));
    for function in ["read_record", "write_record", "list_records", "delete_record"] {
        let (class, message) =
            stage.call("xenstore.py", function, &Call::Plain(arguments.clone())).unwrap_err();
        assert_eq!(class, "XenstoreError", "{message}");
        assert!(message.contains("xs_open: No such file or directory"), "{message}");
        assert!(!message.contains("s3cr3t"), "{message}");
    }
}

#[test]
fn programs_are_those_configured() {
    let mut stage = stage();
    let read = Call::Plain(vec![("dom_id", "3".into()), ("path", "name".into())]);
    stage.host.set("VHD_PORTER_PROGRAMS_XENSTORE_READ", "/nonexistent/xenstore-read");
    let (class, message) = stage.call("xenstore.py", "read_record", &read).unwrap_err();
    assert_eq!(class, "CommandNotFound");
    assert!(message.contains("/nonexistent/xenstore-read"), "{message}");
    stage.host.set("VHD_PORTER_PROGRAMS_DEADLINE", "1");
    stage.host.set("VHD_PORTER_PROGRAMS_XENSTORE_READ", "/bin/sh -c 'exec sleep 60'");
    let (class, message) = stage.call("xenstore.py", "read_record", &read).unwrap_err();
    assert_eq!(class, "SubprocessException");
    assert!(message.contains("did not end within 1 s and was killed"), "{message}");
}
