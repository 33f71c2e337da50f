//! `vhd-porter config`: settings in layers, and every mistake in them named.

use std::fs;

use serde_json::json;

use crate::support::Porter;

/// A configuration file with `content`.
fn file(content: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    file
}

fn config(words: &[&str]) -> Porter {
    Porter::new(["config"]).args(words)
}

#[test]
fn later_layers_win_and_each_value_says_where_it_comes_from() {
    let file =
        file("threads = 3\n[http]\nretries = 5\nidle_timeout = 20\n[glance]\ntoken = 'token-of-file'\n");
    let path = file.path().to_str().unwrap();
    let run = config(&["show", "--json", "--config", path]).env("VHD_PORTER_HTTP_RETRIES", "7").run().done();
    let document = run.json();
    assert_eq!(document["file"], path);
    for (name, entry) in [
        (
            "threads",
            json!({ "value": 3, "default": 0, "origin": "file", "place": format!("{path}, line 1") }),
        ),
        (
            "http.retries",
            json!({ "value": 7, "default": 3, "origin": "environment", "place": "VHD_PORTER_HTTP_RETRIES" }),
        ),
        ("http.proxy", json!({ "value": null, "default": null, "origin": "default", "place": null })),
        (
            "glance.token",
            json!({ "value": "***", "default": null, "origin": "file", "place": format!("{path}, line 6") }),
        ),
    ] {
        assert_eq!(document["settings"][name], entry, "{name}");
    }
    assert!(!run.text().contains("token-of-file"));
}

#[test]
fn what_is_shown_is_a_file_that_sets_the_same() {
    let first = file("images = 'a \"b\"'\n[xapi]\nfollow_master = true\n");
    let shown = config(&["show"]).env("VHD_PORTER_CONFIG", first.path()).run().done().text();
    assert!(shown.contains("images = \"a \\\"b\\\"\"\n"), "{shown}");
    let second = file(&shown);
    let again = config(&["show", "--config"]).arg(second.path()).run().done().text();
    assert_eq!(again, shown);
    let origins = config(&["show", "--origin", "--config"]).arg(first.path()).run().done().text();
    let line = origins.lines().find(|line| line.starts_with("xapi.follow_master = true")).unwrap();
    assert!(line.ends_with(&format!("  # {}, line 3", first.path().display())), "{line}");
}

#[test]
fn the_option_goes_before_the_variable_and_a_named_file_must_be_there() {
    let (named, other) = (file("threads = 1\n"), file("threads = 2\n"));
    let run =
        config(&["show", "--config"]).arg(named.path()).env("VHD_PORTER_CONFIG", other.path()).run().done();
    assert!(run.text().contains("threads = 1\n"));
    let missing = config(&["show", "--json", "--config", "/nonexistent/c.toml"]).run();
    assert!(missing.refused("bad-configuration").starts_with("reading /nonexistent/c.toml: "));
}

#[test]
fn a_setting_that_does_not_exist_is_refused_by_whatever_reads_it() {
    let file = file("[http]\nidle_timout = 5\n");
    let path = file.path().display().to_string();
    let message =
        format!("{path}, line 2: unknown setting http.idle_timout; did you mean http.idle_timeout?");
    for words in [&["config", "show", "--json"][..], &["recover", "--json", "--sr", "/tmp"]] {
        let run = Porter::new(words).args(["--config", &path]).run();
        assert_eq!(run.refused("bad-configuration"), message);
    }
}

#[test]
fn a_check_finds_everything_that_is_wrong() {
    let file = file("thread = 1\n[http]\nretries = 'many'\n[xapi]\nurl = 'unix:/x'\n");
    let path = file.path().display().to_string();
    let run = config(&["check", &path]).run();
    let expected = format!(
        "{path}, line 1: unknown setting thread; did you mean threads?\n\
         {path}, line 3: http.retries: expected a whole number, found \"many\"\n"
    );
    assert_eq!((run.status, run.text()), (1, expected));
    let document = config(&["check", "--json", &path]).run().json();
    assert_eq!((&document["set"], document["problems"].as_array().unwrap().len()), (&json!(1), 2));
    fs::write(file.path(), "a = = 1\n").unwrap();
    let run = config(&["check", &path]).run();
    assert_eq!((run.status, run.text().starts_with(&format!("{path}, line 1: "))), (1, true));
    fs::write(file.path(), config(&["example"]).run().done().stdout).unwrap();
    let run = config(&["check", &path]).run().done();
    assert!(run.text().starts_with(&format!("{path}: sets 0 of ")), "{}", run.text());
}

#[test]
fn a_call_by_hand_reads_the_same_file() {
    let (xapi, dir) = (file("relax-xsm-sr-check = of-this-file\n"), tempfile::tempdir().unwrap());
    let settings = dir.path().join("c.toml");
    fs::write(&settings, format!("[xapi]\nconf = '{}'\n", xapi.path().display())).unwrap();
    let call = ["call", "config_file", "get_val", "key=relax-xsm-sr-check", "--config"];
    assert_eq!(Porter::new(call).arg(&settings).run().done().text(), "of-this-file\n");
}
