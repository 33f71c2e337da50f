//! The rules of `docs/contract.md`, for every plugin alike.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::process::Stdio;

use vhd_porter::host::{self, Encoding, Function, Parameter, Plugin};
use vhd_porter::wire::Value;
use vhd_porter::wire::xmlrpc::Answer;

use crate::host::{Host, xml};
use crate::python::Python;

const VERSION: &str = "dom0_plugin_version.py";

/// Gives back what it is given, whatever it is.
const ECHO: Plugin = Plugin {
    name: "echo",
    about: "For tests",
    functions: &[Function {
        name: "echo",
        parameters: &[Parameter::optional("value")],
        encoding: Encoding::Pickled,
        run: |arguments| Ok(arguments.value("value").cloned().into()),
    }],
};

#[test]
fn every_python_gets_the_version_with_every_protocol() {
    let host = Host::new();
    for python in Python::all() {
        let answers: Vec<String> = python
            .exchange("versions")
            .iter()
            .map(|call| {
                let outcome = host.run(host.command(VERSION).arg(call));
                assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""));
                outcome.stdout
            })
            .collect();
        python.check("check-versions", &answers);
    }
}

#[test]
fn every_value_comes_back_to_every_python_as_it_was() {
    for python in Python::all() {
        let calls = python.exchange("samples");
        let answers: Vec<String> =
            calls.iter().map(|call| host::answer(&ECHO, OsStr::new(call)).write()).collect();
        python.check("check-samples", &answers);
    }
}

#[test]
fn answers_are_laid_out_as_python_lays_them_out() {
    let texts = ["", "S'2.1'\n.", "<&>\"'", " é€😀\t", "\u{7f}\u{85}"].map(str::to_owned);
    for python in Python::all().iter().filter(|python| python.version.starts_with('3')) {
        let ours: Vec<String> = texts
            .iter()
            .flat_map(|text| [Answer::Success(text.clone()), Answer::Failure(vec![text.clone(); 2])])
            .map(|answer| answer.write())
            .collect();
        assert_eq!(python.convert("layout", &texts), ours, "Python {}", python.version);
    }
}

#[test]
fn pickles_that_are_not_data_are_refused() {
    let host = Host::new();
    for (number, python) in Python::all().iter().enumerate() {
        for call in python.exchange("hostile") {
            let (class, message) = if number == 0 {
                host.failure(VERSION, &call)
            } else {
                // The rest in this process, which is quicker.
                match host::answer(&ECHO, OsStr::new(&call.replace("get_version", "echo"))) {
                    Answer::Failure(items) => (items[2].clone(), items[3].clone()),
                    Answer::Success(value) => panic!("{call} gave {value:?}"),
                }
            };
            assert_eq!(class, "ArgumentError");
            assert!(message.contains("params is not a pickle of data: "), "{message}");
        }
    }
}

#[test]
fn what_is_not_a_call_is_answered_with_what_is_wrong() {
    let host = Host::new();
    let laughs = "<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;'>\
        <!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;'>]><methodCall>&d;</methodCall>";
    let call = xml("get_version", &[("params", "x")]);
    for (argument, message) in [
        ("", "not well-formed XML"),
        ("hello", "not well-formed XML"),
        (&call[..call.len() / 2], "not well-formed XML"),
        (&call.replace("x</value>", "\u{1}</value>"), "not well-formed XML"),
        (&call.replace("x</value>", "<int>1</int></value>"), "expected a string at 1:"),
        (&call.replace("methodCall", "methodResponse"), "expected <methodCall> at 1:"),
        (laughs, "document type declaration"),
        (&"<methodCall>".repeat(10_000), "expected <methodName>"),
        (&call.replace("x</value>", &format!("{}</value>", "<value>".repeat(10_000))), "expected a string"),
    ] {
        let (class, found) = host.failure(VERSION, argument);
        assert_eq!(class, "ArgumentError");
        assert!(found.contains(message), "{found}");
    }
    let latin1 = OsString::from_vec([call.as_bytes(), b"\xe9"].concat());
    assert!(host.failure(VERSION, latin1).1.contains(&format!("not UTF-8 at byte {}", call.len())));
}

#[test]
fn wrong_arguments_are_named() {
    let host = Host::new();
    for (arguments, message) in [
        (&[("params", "(dS'args'\n(Nts.")][..], "get_version: expected at most 0 arguments, found 1"),
        (&[("params", "(dS'kwargs'\n(dS'a'\nNss.")], "get_version: unknown argument a; it takes "),
        (&[("params", "nonsense")], "get_version: params is not a pickle of data: "),
        (&[("params", "")], "get_version: params is not a pickle of data: "),
        (&[("json", "{")], "get_version: json is not JSON: "),
        (&[("json", "{}"), ("params", "N.")], "get_version: give either json or params, not both"),
    ] {
        let (class, found) = host.failure(VERSION, xml("get_version", arguments));
        assert_eq!(class, "ArgumentError");
        assert!(found.contains(message), "{found}");
    }
    let Answer::Failure(items) = host.call(VERSION, xml("nope", &[])) else { panic!("a success") };
    assert_eq!(items[..2], ["UNKNOWN_XENAPI_PLUGIN_FUNCTION", "nope"]);
    assert_eq!(items.len(), 3);
}

#[test]
fn a_modern_caller_gets_json_for_json() {
    let host = Host::new();
    let json = |text: &str| Answer::Success(text.to_owned());
    assert_eq!(host.call(VERSION, xml("get_version", &[("json", "{}")])), json(r#""2.1""#));
    let pair = r#"{"args": [], "kwargs": {}}"#;
    assert_eq!(host.call("dom0_plugin_version", xml("get_version", &[("json", pair)])), json(r#""2.1""#));
    let key = r#"{"key": "relax-xsm-sr-check"}"#;
    assert_eq!(host.call("config_file.py", xml("get_val", &[("json", key)])), json(r#""true""#));
}

#[test]
fn a_setting_is_given_as_bare_text() {
    let host = Host::new();
    let setting =
        |key: &str| host.call("config_file.py", xml("get_val", &[("key", key), ("host_uuid", "u")]));
    for (key, value) in [("relax-xsm-sr-check", "true"), ("odd", ""), ("missing", "")] {
        assert_eq!(setting(key), Answer::Success(value.to_owned()), "{key}");
    }
    let (class, message) = host.failure("config_file.py", xml("get_val", &[("host_uuid", "u")]));
    assert_eq!((class.as_str(), message.as_str()), ("ArgumentError", "get_val: argument key is missing"));
    std::fs::remove_file(host.path("xapi.conf")).unwrap();
    let (class, message) = host.failure("config_file.py", xml("get_val", &[("key", "a")]));
    assert_eq!(class, "OSError");
    assert!(message.starts_with("reading ") && message.contains("xapi.conf: No such file"), "{message}");
}

#[test]
fn a_program_called_wrongly_says_how() {
    let host = Host::new();
    for (plugin, arguments) in [
        (VERSION, &[][..]),
        (VERSION, &["<a/>", "<b/>"]),
        ("unknown.py", &["<secret-call/>"]),
        ("unknown.py", &[]),
    ] {
        let outcome = host.run(host.command(plugin).args(arguments));
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(2), ""));
        assert!(
            outcome.stderr.contains("usage: ") && !outcome.stderr.contains("secret"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn an_answer_that_cannot_be_printed_is_no_success_and_no_crash() {
    let host = Host::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = host.command(VERSION);
    let status = command.arg(xml("get_version", &[])).stdout(writer).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn a_call_works_without_syslog() {
    let host = Host::new();
    std::fs::remove_file(host.path("log")).unwrap();
    assert_eq!(host.call(VERSION, xml("get_version", &[])), Answer::Success("S'2.1'\n.".into()));
}

#[test]
fn a_plugin_logs_to_syslog_and_a_person_reads_stderr() {
    let host = Host::new();
    let outcome = host.run(host.command(VERSION).arg(xml("get_version", &[])));
    let first = &outcome.log[0];
    assert!(first.starts_with("<14>dom0_plugin_version[") && first.contains("get_version"), "{first}");
    let outcome =
        host.run(host.command("unknown.py").args(["dom0_plugin_version", &xml("get_version", &[])]));
    assert_eq!((outcome.status, outcome.log.len()), (Some(0), 0));
    assert!(outcome.stderr.contains("get_version"), "{}", outcome.stderr);
}

#[test]
fn secrets_stay_inside() {
    let host = Host::new();
    let session = "OpaqueRef:4a3c-session";
    let headers =
        Value::dict([("X-Auth-Token", "gAAAA-token".into()), ("Authorization", "Bearer b3ar3r".into())]);
    let arguments = Value::dict([(
        "kwargs",
        Value::dict([("http://user:pa55w0rd@glance/", Value::None), ("extra_headers", headers)]),
    )]);
    let pickled = vhd_porter::wire::pickle::write(&arguments);
    let json = vhd_porter::wire::json::write(&arguments);
    let broken = format!("X-Auth-Token: gAAAA-token http://user:pa55w0rd@glance/ {session}");
    for argument in [
        xml("get_version", &[("params", &pickled)]),
        xml("get_version", &[("json", &json)]),
        xml("get_version", &[("json", &broken)]),
        xml(&broken, &[]),
        xml("get_version", &[("params", &pickled)]).replace("</methodCall>", ""),
    ] {
        for plugin in [VERSION, "config_file.py"] {
            let outcome = host.run(host.command(plugin).arg(&argument).env("VHD_PORTER_LOG", "trace"));
            assert_eq!(outcome.status, Some(0));
            let said = format!("{}{}{}", outcome.stdout, outcome.stderr, outcome.log.concat());
            for secret in ["gAAAA-token", "b3ar3r", "pa55w0rd", session] {
                assert!(!said.contains(secret), "{secret} in {said}");
            }
        }
    }
}
