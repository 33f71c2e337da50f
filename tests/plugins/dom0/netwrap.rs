//! `netwrap`: which commands are run, what they are given, and what is told of how they ended.

use serde_json::json;

use super::case::{Case, failure, plain, run, value};
use super::stage::Stage;

fn stage() -> Stage {
    let stage = Stage::new(|_, _, _| ());
    stage.answers("ip", "2: eth0\n", "", 0);
    stage.answers("ovs-vsctl", "", "no such bridge\n", 1);
    stage
}

fn cases() -> Vec<Case> {
    let runs = |cmd: &str, answer| plain("run_command", [("cmd", cmd), ("host_uuid", "u")], answer);
    let reads =
        |cmd: &str, input: &str, answer| plain("run_command", [("cmd", cmd), ("cmd_input", input)], answer);
    let permitted = "is not permitted";
    let done = |returncode: i32, out: &str, err: &str| {
        value(json!({ "returncode": returncode, "out": out, "err": err }))
    };
    vec![
        runs(r#"["ip", "-o", "link", "show", "eth0"]"#, done(0, "2: eth0\n", ""))
            .runs(&["ip -o link show eth0"]),
        runs(r#"["ovs-vsctl", "--", "del-br", "br9"]"#, done(1, "", "no such bridge\n"))
            .runs(&["ovs-vsctl -- del-br br9"]),
        reads(r#"["iptables-restore", "-n"]"#, r#""*filter\nCOMMIT\n""#, done(0, "", ""))
            .runs(&["iptables-restore -n"]),
        reads(r#"["iptables-save"]"#, "null", done(0, "", "")).runs(&["iptables-save"]),
        runs(r#"["sh", "-c", "id"]"#, failure("PluginError", "Dom0 execution of 'sh' is not permitted"))
            .runs(&[]),
        runs(r#"["/bin/ip"]"#, failure("PluginError", "Dom0 execution of '/bin/ip' is not permitted"))
            .runs(&[]),
        runs(
            r#""ip""#,
            failure("ArgumentError", "argument cmd: expected a list of texts in JSON, found text"),
        )
        .originally(failure("PluginError", "Dom0 execution of 'i' is not permitted"), "a text is no list"),
        runs("[]", failure("PluginError", permitted))
            .originally(failure("IndexError", "list index out of range"), "nothing is no program"),
        runs(r#"["ip", 1]"#, failure("ArgumentError", "expected a list of texts"))
            .originally(failure("TypeError", "must contain only strings"), "a number is no word"),
        runs("{", failure("ArgumentError", "argument cmd: not JSON"))
            .originally(failure("ValueError", ""), "what cannot be read is an ArgumentError everywhere"),
        plain("run_command", [], failure("ArgumentError", "argument cmd is missing")).originally(
            failure("TypeError", "expected string or buffer"),
            "what is missing is an ArgumentError everywhere",
        ),
        reads(
            r#"["ip"]"#,
            "[1]",
            failure("ArgumentError", "argument cmd_input: expected a text or null in JSON, found list"),
        )
        .not_asked("it would write a list to a pipe"),
        runs(
            r#"["ip", "netns", "exec", "a", "sh"]"#,
            failure("PluginError", "'ip' with 'exec' is not permitted"),
        )
        .originally(done(0, "2: eth0\n", ""), "ip must not start other programs"),
    ]
}

#[test]
fn commands_are_run_as_the_original_runs_them() {
    run("netwrap.py", stage, &cases());
}

#[test]
fn the_program_reads_what_is_sent_along() {
    let stage = stage();
    let [mut rules, mut long] = [String::from("*filter\nCOMMIT\n"), "-A INPUT -j ACCEPT\n".repeat(2000)];
    for input in [&mut rules, &mut long] {
        let call = super::stage::Call::Plain(vec![
            ("cmd", json!(["iptables-restore", "-n"]).to_string()),
            ("cmd_input", json!(input).to_string()),
        ]);
        stage.call("netwrap.py", "run_command", &call).unwrap();
        assert_eq!(&stage.input("iptables-restore"), input);
    }
}

#[test]
fn a_program_that_is_missing_or_killed_is_told() {
    let mut stage = stage();
    let call = super::stage::Call::Plain(vec![("cmd", r#"["ip", "link"]"#.into())]);
    stage.host.set("VHD_PORTER_PROGRAMS_IP", "/bin/sh -c 'kill -9 $$'");
    let killed = json!({ "returncode": -9, "out": "", "err": "" });
    assert_eq!(stage.call("netwrap.py", "run_command", &call), Ok(killed));
    stage.host.set("VHD_PORTER_PROGRAMS_IP", "/nonexistent/ip");
    let (class, message) = stage.call("netwrap.py", "run_command", &call).unwrap_err();
    assert_eq!((class.as_str(), message.as_str()), ("OSError", "no program \"/nonexistent/ip\" was found"));
}
