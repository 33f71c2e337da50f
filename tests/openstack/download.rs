//! Images of a real Glance become VDIs.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::glance::Glance;
use crate::host::Host;
use crate::plugin::{changed, failure, headers, result};
use crate::repository::{Sr, some_uuids};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}

fn call(glance: &Glance, image: &str, sr: &Sr, stack: &[Uuid]) -> Value {
    json!({
        "image_id": image, "endpoint": glance.endpoint, "uuid_stack": stack, "sr_path": sr.text(),
        "extra_headers": headers(), "api_version": glance.version,
    })
}

#[test]
fn an_image_lands_under_the_uuids_at_the_end_of_the_stack() {
    let host = Host::new();
    for glance in Glance::all() {
        let (sr, stack) = (Sr::new(), some_uuids(4));
        let image = glance.create_with(&fixture("ext4-chain.tar.gz"));
        let landed = result(&host, "download_vhd2", &call(glance, &image, &sr, &stack));
        assert_eq!(landed, json!({ "root": { "uuid": stack[3] } }));
        sr.disk(stack[3]);
        assert_eq!(sr.content().len(), 3);
        assert!(!sr.file(stack[0]).exists(), "the first uuid is one too many");
        // The same call again, as after a lost answer, lands nothing more; another image cannot have the uuids.
        let content = sr.content();
        assert_eq!(result(&host, "download_vhd2", &call(glance, &image, &sr, &stack)), landed);
        let other = glance.create_with(&fixture("ext4-single.tar.gz"));
        let (class, message) = failure(&host, "download_vhd2", &call(glance, &other, &sr, &stack));
        assert_eq!(class, "PluginError", "{message}");
        assert_eq!(sr.content(), content);
    }
}

#[test]
fn older_clients_name_a_host_and_speak_version_1() {
    let (host, sr, stack) = (Host::new(), Sr::new(), some_uuids(1));
    let Some(glance) = Glance::all().find(|glance| glance.version == 1) else { return };
    let image = glance.create_with(&fixture("ext4-single.tar.gz"));
    let (name, port) = glance.endpoint.strip_prefix("http://").unwrap().split_once(':').unwrap();
    let older = json!({
        "endpoint": null, "api_version": null, "glance_host": name, "glance_port": port, "glance_use_ssl": "False",
    });
    let arguments = changed(&call(glance, &image, &sr, &stack), &older);
    assert_eq!(result(&host, "download_vhd", &arguments), json!({ "root": { "uuid": stack[0] } }));
    sr.disk(stack[0]);
    for (change, message) in [
        (json!({ "glance_host": "h/x" }), "glance_host: expected a host"),
        (json!({ "glance_port": 70_000 }), "the port \"70000\""),
    ] {
        let (class, found) = failure(&host, "download_vhd", &changed(&arguments, &change));
        assert_eq!(class, "ArgumentError", "{found}");
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn what_cannot_be_downloaded_lands_nothing() {
    let mut host = Host::new();
    host.set("VHD_PORTER_HTTP_RETRIES", "0");
    for glance in Glance::all() {
        let sr = Sr::new();
        let chain = fixture("ext4-chain.tar.gz");
        let good = glance.create_with(&chain);
        let arguments = call(glance, &good, &sr, &some_uuids(3));
        let missing = "3b0a1b1e-0000-4000-8000-00000000dead";
        // Bytes of the disk, the end of the archive, and nothing from the middle on, changed behind Glance's back.
        let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
            let id = glance.create_with(&chain);
            let mut bytes = chain.clone();
            change(&mut bytes);
            glance.replace_data(&id, &bytes);
            id
        };
        let (middle, end) = (chain.len() / 2, chain.len() - 1);
        for (change, class, message) in [
            (json!({ "image_id": missing }), "RetryableError", "none of this id (404)"),
            (json!({ "image_id": glance.create() }), "RetryableError", "its status is queued"),
            (json!({ "endpoint": "http://127.0.0.1:1" }), "RetryableError", "127.0.0.1:1"),
            (json!({ "image_id": damaged(&|bytes| bytes[middle] ^= 1) }), "RetryableError", ""),
            (json!({ "image_id": damaged(&|bytes| bytes[end] ^= 1) }), "RetryableError", ""),
            (json!({ "image_id": damaged(&|bytes| bytes.truncate(middle)) }), "RetryableError", ""),
            // What came is what is there: trying again would not help.
            (json!({ "image_id": glance.create_with(b"something") }), "Exception", "not an image"),
            (json!({ "image_id": glance.create_with(&chain[..middle]) }), "Exception", "cut off"),
            (json!({ "uuid_stack": some_uuids(2) }), "IndexError", "too few uuids"),
            (json!({ "uuid_stack": "" }), "ArgumentError", "a list of nothing but texts"),
            (json!({ "image_id": "a/b" }), "ArgumentError", "image id"),
            (json!({ "image_id": null }), "ArgumentError", "image_id is missing"),
            (json!({ "api_version": 0 }), "ArgumentError", "API version"),
            (json!({ "sr_path": "/tmp/nonexistent" }), "OSError", "/tmp/nonexistent"),
            (json!({ "sr_path": "/etc" }), "ArgumentError", "sr_path"),
        ] {
            let (found, said) = failure(&host, "download_vhd2", &changed(&arguments, &change));
            assert_eq!(found, class, "version {}: {change}: {said}", glance.version);
            assert!(said.contains(message), "{change}: {said}");
            assert_eq!(sr.path().read_dir().unwrap().count(), 0, "{change}: something is left");
        }
    }
}
