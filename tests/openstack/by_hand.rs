//! `glance:ID` on the command line, against a real Glance.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::glance::Glance;
use crate::plugin::TOKEN;
use crate::repository::Sr;
use crate::server::{Server, Step, answer, ok};

/// `vhd-porter` with these words and nothing else in its environment.
fn porter(words: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vhd-porter"));
    command.env_clear().env("VHD_PORTER_HTTP_RETRIES", "0").envs(environment.iter().copied());
    command.args(words).output().unwrap()
}

/// The one document on standard output.
#[track_caller]
fn document(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn chains_go_out_and_come_in() {
    for glance in Glance::all() {
        let (from, to) = (Sr::new(), Sr::new());
        let vdis = from.chain(2);
        let image = format!("glance:{}", glance.create());
        let version = glance.version.to_string();
        let environment = [("OS_IMAGE_URL", glance.endpoint.as_str()), ("OS_IMAGE_API_VERSION", &version)];
        let leaf = vdis[0].to_string();
        let exported = porter(
            &["export", "--sr", from.text(), "--vdi", &leaf, "--chain", "-o", &image, "--json"],
            &environment,
        );
        assert_eq!(document(&exported)["vdis"], json!(vdis));
        let inspected = porter(&["inspect", &image, "--json"], &environment);
        assert_eq!(document(&inspected)["container"], "tar.gz", "{}", document(&inspected));
        // An option counts for more than the environment.
        let elsewhere = [("OS_IMAGE_URL", "http://127.0.0.1:1"), ("OS_TOKEN", TOKEN)];
        let options = ["--glance-endpoint", &glance.endpoint, "--glance-api-version", &version];
        let words = ["import", &image, "--sr", to.text(), "--json"];
        let imported = document(&porter(&[&words[..], &options].concat(), &elsewhere));
        assert_eq!(imported["sha256"], document(&exported)["sha256"]);
        let landed = imported["root"]["uuid"].as_str().unwrap().parse().unwrap();
        assert!(to.disk(landed) == from.disk(vdis[0]), "another disk");
    }
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let Some(glance) = Glance::v2() else { return };
    let sr = Sr::new();
    let leaf = sr.chain(1)[0].to_string();
    let content = sr.content();
    let here = [("OS_IMAGE_ENDPOINT_OVERRIDE", glance.endpoint.as_str())];
    let active = format!("glance:{}", glance.create_with(b"something"));
    let missing = "glance:3b0a1b1e-0000-4000-8000-00000000dead";
    for (image, environment, kind, message) in [
        (missing, &here[..], "no-such-image", "openstack image create"),
        (active.as_str(), &here, "refused", "openstack image create"),
        ("glance:a/b", &here, "bad-argument", "image id"),
        (missing, &[], "bad-argument", "OS_IMAGE_URL"),
        (missing, &[("OS_IMAGE_URL", "http://127.0.0.1:1")], "network", "127.0.0.1:1"),
    ] {
        let words = ["export", "--sr", sr.text(), "--vdi", &leaf, "-o", image, "--json"];
        let output = porter(&words, environment);
        let error = document(&output)["error"].clone();
        assert_eq!((output.status.code(), &error["kind"]), (Some(1), &json!(kind)), "{error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert_eq!(sr.content(), content);
    }
}

#[test]
fn a_token_comes_from_a_file_or_the_environment_and_is_not_shown() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{TOKEN}\n")).unwrap();
    let path = file.path().to_str().unwrap();
    let options = ["--glance-token-file", path];
    for (options, environment) in
        [(&options[..], ("OS_TOKEN", "another-token")), (&[], ("OS_AUTH_TOKEN", TOKEN))]
    {
        // A page that says more than it should.
        let page = format!("no access with {TOKEN}");
        let refusal = || vec![Step::Send(answer("401 Unauthorized", "", page.as_bytes(), None))];
        for scripts in [[ok("", b"{\"status\": \"active\"}"), refusal()], [refusal(), refusal()]] {
            let server = Server::new(scripts);
            let url = server.url("/image/");
            let output = porter(
                &[&["inspect", "glance:an-image", "-v", "--json"], options].concat(),
                &[environment, ("OS_IMAGE_URL", &url)],
            );
            assert_eq!(document(&output)["error"]["kind"], "refused", "{}", document(&output));
            let said = [output.stdout, output.stderr].concat();
            assert!(!String::from_utf8_lossy(&said).contains(TOKEN));
            assert_eq!(server.seen()[0].header("x-auth-token"), Some(TOKEN));
            assert!(server.seen()[0].head.starts_with("GET /image/v2/images/an-image HTTP/1.1\r\n"));
        }
    }
    let output = porter(&["inspect", "glance:x", "--glance-token-file", "/nonexistent", "--json"], &[]);
    assert_eq!(document(&output)["error"]["kind"], "not-found");
}
