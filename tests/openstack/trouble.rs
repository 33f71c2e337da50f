//! Servers that misbehave at each step of an upload or download: what the control plane is told.

use serde_json::{Value, json};

use crate::host::Host;
use crate::plugin::{changed, failure, headers, result};
use crate::repository::{Sr, some_uuids};
use crate::server::{Script, Server, Step, answer, ok, status};

/// What version 2 says of an image.
fn facts(facts: &Value) -> Script {
    ok("", facts.to_string().as_bytes())
}

fn queued() -> Script {
    facts(&json!({ "status": "queued", "checksum": null, "size": null }))
}

/// Takes the whole body, and says `status`.
fn taken(status: &str) -> Script {
    let go_on = Step::Send(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
    vec![go_on, Step::Take, Step::Send(answer(status, "", b"", None))]
}

/// Refuses before any of the body.
fn refused(said: &str) -> Script {
    status(said, "")
}

fn silent() -> Script {
    vec![Step::Stall]
}

fn host() -> Host {
    let mut host = Host::new();
    host.set("VHD_PORTER_HTTP_IDLE_TIMEOUT", "1");
    host.set("VHD_PORTER_HTTP_RETRIES", "0");
    host
}

fn upload_to(server: &Server, sr: &Sr, vdi: uuid::Uuid) -> Value {
    json!({
        "vdi_uuids": [vdi], "image_id": "an-image", "endpoint": server.url("/image"), "sr_path": sr.text(),
        "extra_headers": headers(), "properties": { "os_type": "linux" }, "api_version": 2,
    })
}

#[test]
fn every_step_of_an_upload_fails_in_its_own_way() {
    let (host, sr) = (host(), Sr::new());
    let vdi = sr.chain(1)[0];
    let patched = || ok("", b"{}");
    let wrong = |facts: Value| changed(&json!({ "status": "active" }), &facts);
    let content = sr.content();
    for (scripts, class, message) in [
        (vec![], "RetryableError", "GET http://127.0.0.1"),
        (vec![silent()], "RetryableError", "silence"),
        (vec![status("401 Unauthorized", "")], "PluginError", "401"),
        (vec![status("403 Forbidden", "")], "PluginError", "403"),
        (vec![status("404 Not Found", "")], "Failure", "ImageNotFound"),
        (vec![status("503 Service Unavailable", "")], "RetryableError", "503"),
        (vec![status("418 I'm a teapot", "")], "RetryableError", "418"),
        (vec![ok("", b"hello")], "RetryableError", "a JSON object with its status"),
        (vec![facts(&json!({ "status": "saving" }))], "PluginError", "expected status queued, found saving"),
        (vec![queued(), status("500 Oh", "")], "RetryableError", "PATCH"),
        (vec![queued(), patched()], "RetryableError", "PUT http://127.0.0.1"),
        (vec![queued(), patched(), silent()], "RetryableError", "silence"),
        (vec![queued(), patched(), refused("404 Not Found")], "Failure", "ImageNotFound"),
        (vec![queued(), patched(), refused("409 Conflict")], "PluginError", "409"),
        (vec![queued(), patched(), refused("413 Too Large")], "PluginError", "413"),
        (vec![queued(), patched(), taken("410 Gone")], "PluginError", "410"),
        (vec![queued(), patched(), taken("500 Oh")], "RetryableError", "500"),
        (
            vec![queued(), patched(), taken("204 No Content"), facts(&wrong(json!({ "status": "killed" })))],
            "RetryableError",
            "status: expected active as it was sent, found killed",
        ),
        (
            vec![queued(), patched(), taken("204 No Content"), facts(&wrong(json!({ "size": 7 })))],
            "RetryableError",
            "as it was sent, found 7 on the server",
        ),
        (
            vec![queued(), patched(), taken("204 No Content"), facts(&wrong(json!({ "checksum": "0" })))],
            "RetryableError",
            "md5: expected",
        ),
        (
            vec![
                queued(),
                patched(),
                taken("204 No Content"),
                facts(&wrong(json!({ "os_hash_algo": "sha512", "os_hash_value": "0" }))),
            ],
            "RetryableError",
            "sha512: expected",
        ),
    ] {
        let server = Server::new(scripts);
        let (found, said) = failure(&host, "upload_vhd2", &upload_to(&server, &sr, vdi));
        assert_eq!(found, class, "{message}: {said}");
        assert!(said.contains(message), "{message}: {said}");
        assert_eq!(sr.content(), content);
        let uploads = server.seen().iter().filter(|seen| seen.head.starts_with("PUT")).count();
        assert!(uploads <= 1, "{message}: sent {uploads} times");
    }
}

#[test]
fn what_an_upload_says_and_what_it_can_do_without() {
    let (host, sr) = (host(), Sr::new());
    let vdi = sr.chain(1)[0];
    let digest = json!({ "status": "active", "os_hash_algo": "md4", "os_hash_value": "0" });
    // A refused change of metadata, a digest that nobody knows, and a server that cannot be asked again.
    for last in [facts(&digest), status("503 Service Unavailable", "")] {
        let server = Server::new([queued(), status("403 Forbidden", ""), taken("204 No Content"), last]);
        assert_eq!(result(&host, "upload_vhd2", &upload_to(&server, &sr, vdi)), Value::Null);
        let seen = server.seen();
        let lines: Vec<&str> = seen.iter().map(|seen| seen.head.lines().next().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "GET /image/v2/images/an-image HTTP/1.1",
                "PATCH /image/v2/images/an-image HTTP/1.1",
                "PUT /image/v2/images/an-image/file HTTP/1.1",
                "GET /image/v2/images/an-image HTTP/1.1",
            ]
        );
        for seen in &seen {
            assert_eq!(seen.header("x-auth-token"), Some(crate::plugin::TOKEN));
        }
        assert_eq!(seen[1].header("content-type"), Some("application/openstack-images-v2.1-json-patch"));
        assert_eq!(seen[2].header("content-type"), Some("application/octet-stream"));
        assert!(seen[2].whole && seen[2].body.starts_with(&[0x1f, 0x8b]));
    }
}

#[test]
fn every_step_of_a_download_can_be_tried_again() {
    let (host, sr) = (host(), Sr::new());
    let active = |more: Value| facts(&changed(&json!({ "status": "active" }), &more));
    let image = include_bytes!("../../fixtures/ext4-single.tar.gz");
    let digest =
        |algorithm: &str| active(json!({ "os_hash_algo": algorithm, "os_hash_value": "ab".repeat(64) }));
    for (scripts, message) in [
        (vec![], "GET http://127.0.0.1"),
        (vec![silent()], "silence"),
        (vec![status("404 Not Found", "")], "404"),
        (vec![active(json!({}))], "GET http://127.0.0.1"),
        (vec![active(json!({})), silent()], "silence"),
        (vec![active(json!({})), status("403 Forbidden", "")], "403"),
        (vec![active(json!({})), status("404 Not Found", "")], "404"),
        (vec![active(json!({})), status("410 Gone", "")], "410"),
        (vec![active(json!({})), status("500 Oh", "")], "500"),
        (
            vec![active(json!({})), vec![Step::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())]],
            "expected data",
        ),
        (vec![active(json!({})), vec![Step::Send(answer("200 OK", "", image, Some(5000)))]], ""),
        (vec![active(json!({})), ok("ETag: 900150983cd24fb0d6963f7d28e17f72\r\n", image)], "ETag"),
        (
            vec![active(json!({})), ok("Content-MD5: 900150983cd24fb0d6963f7d28e17f72\r\n", image)],
            "Content-MD5",
        ),
        (vec![digest("sha512"), ok("", image)], "sha512"),
    ] {
        let server = Server::new(scripts);
        let arguments = json!({
            "image_id": "an-image", "endpoint": server.url(""), "uuid_stack": some_uuids(1), "sr_path": sr.text(),
            "extra_headers": headers(), "api_version": 2,
        });
        let (class, said) = failure(&host, "download_vhd2", &arguments);
        assert_eq!(class, "RetryableError", "{message}: {said}");
        assert!(said.contains(message), "{message}: {said}");
        assert_eq!(sr.path().read_dir().unwrap().count(), 0, "{message}: something is left");
    }
}

#[test]
fn a_server_that_tells_nothing_of_its_images_gives_them_all_the_same() {
    let (host, sr, stack) = (host(), Sr::new(), some_uuids(1));
    let image = include_bytes!("../../fixtures/ext4-single.tar.gz");
    let server = Server::new([status("403 Forbidden", ""), ok("", image)]);
    let arguments = json!({
        "image_id": "an-image", "endpoint": server.url(""), "uuid_stack": stack, "sr_path": sr.text(),
        "extra_headers": headers(), "api_version": 2,
    });
    assert_eq!(result(&host, "download_vhd2", &arguments), json!({ "root": { "uuid": stack[0] } }));
}

#[test]
fn arguments_come_in_the_order_of_os_xenapi_as_well() {
    let (host, sr, stack) = (host(), Sr::new(), some_uuids(1));
    let vdis = sr.chain(1);
    let older = json!(["127.0.0.1", 1, false]);
    let newer = json!(["http://127.0.0.1:1/image"]);
    let lists = |lists: &[Value]| -> Vec<Value> {
        lists.iter().flat_map(|list| list.as_array().unwrap().clone()).collect()
    };
    let (sr_path, stack, vdis) = (json!([sr.text()]), json!([stack]), json!([vdis]));
    let (id, headers, none, version) = (json!(["an-image"]), json!([headers()]), json!([{}]), json!([2]));
    for (function, args, url) in [
        (
            "download_vhd2",
            lists(&[
                id.clone(),
                newer.clone(),
                stack.clone(),
                sr_path.clone(),
                headers.clone(),
                version.clone(),
            ]),
            "GET http://127.0.0.1:1/image/v2/images/an-image",
        ),
        (
            "download_vhd2",
            lists(&[id.clone(), newer.clone(), stack.clone(), sr_path.clone(), headers.clone()]),
            "HEAD http://127.0.0.1:1/image/v1/images/an-image",
        ),
        (
            "upload_vhd2",
            lists(&[
                vdis.clone(),
                id.clone(),
                newer,
                sr_path.clone(),
                headers.clone(),
                none.clone(),
                version,
            ]),
            "GET http://127.0.0.1:1/image/v2/images/an-image",
        ),
        (
            "download_vhd",
            lists(&[id.clone(), older.clone(), stack, sr_path.clone(), headers.clone()]),
            "HEAD http://127.0.0.1:1/v1/images/an-image",
        ),
        (
            "upload_vhd",
            lists(&[vdis, id, older, sr_path, headers, none]),
            "HEAD http://127.0.0.1:1/v1/images/an-image",
        ),
    ] {
        let (class, said) = failure(&host, function, &json!({ "args": args }));
        assert_eq!(class, "RetryableError", "{function}: {said}");
        assert!(said.starts_with(url), "{function}: {said}");
    }
}
