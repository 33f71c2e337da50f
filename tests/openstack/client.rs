//! What nova does through os-xenapi: a session, images in both directions, tries again, copies, other plugins.

use serde_json::{Value, json};

use crate::glance::Glance;
use crate::host::Host;
use crate::plugin::headers;
use crate::repository::{Sr, some_uuids};
use crate::xapi::Xapi;

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:1";

fn download(glance: &Glance, image: &str, sr: &Sr, stack: &[uuid::Uuid], endpoints: &[&str]) -> Value {
    json!({
        "function": "host_glance.download_vhd", "retries": endpoints.len() - 1, "endpoints": endpoints,
        "api_version": glance.version,
        "arguments": {
            "image_id": image, "sr_path": sr.text(), "extra_headers": headers(), "uuid_stack": stack,
        },
    })
}

fn upload(glance: &Glance, image: &str, sr: &Sr, vdis: &[uuid::Uuid], endpoints: &[&str]) -> Value {
    json!({
        "function": "host_glance.upload_vhd", "retries": endpoints.len() - 1, "endpoints": endpoints,
        "api_version": glance.version,
        "arguments": {
            "image_id": image, "sr_path": sr.text(), "extra_headers": headers(), "vdi_uuids": vdis,
            "properties": { "os_type": "linux", "xenapi_image_compression_level": "1" },
        },
    })
}

#[test]
fn images_go_to_glance_and_come_back() {
    let host = Host::new();
    for xapi in Xapi::for_each_client(&host) {
        for glance in Glance::all() {
            let (from, to) = (Sr::new(), Sr::new());
            let (image, vdis, stack) = (glance.create(), from.chain(3), some_uuids(5));
            let endpoints = [glance.endpoint.as_str()];
            let outcomes = xapi.calls(&json!([
                upload(glance, &image, &from, &vdis, &endpoints),
                download(glance, &image, &to, &stack, &endpoints),
            ]));
            assert_eq!(outcomes[0]["result"], Value::Null, "{outcomes:#?}");
            assert_eq!(outcomes[0]["attempts"], json!(endpoints));
            // A stack: the leaf gets the last.
            assert_eq!(outcomes[1]["result"], json!({ "root": { "uuid": stack[4] } }), "{outcomes:#?}");
            assert!(to.disk(stack[4]) == from.disk(vdis[0]), "another disk");
        }
    }
}

#[test]
fn a_server_that_is_down_is_tried_again_elsewhere() {
    let host = Host::new();
    let Some(glance) = Glance::v2() else { return };
    let here = glance.endpoint.as_str();
    for xapi in Xapi::for_each_client(&host) {
        let (from, to) = (Sr::new(), Sr::new());
        let (image, vdis, stack) = (glance.create(), from.chain(2), some_uuids(2));
        let outcomes = xapi.calls(&json!([
            upload(glance, &image, &from, &vdis, &[NOBODY, here]),
            download(glance, &image, &to, &stack, &[NOBODY, NOBODY]),
            download(glance, &image, &to, &stack, &[NOBODY, here]),
        ]));
        assert_eq!(outcomes[0]["attempts"], json!([NOBODY, here]));
        assert_eq!(outcomes[0]["retried"][0][2], "RetryableError");
        assert_eq!(outcomes[0]["result"], Value::Null, "{outcomes:#?}");
        assert_eq!(outcomes[1]["raised"], "PluginRetriesExceeded");
        // The same uuids again: the failed attempts have left nothing.
        assert_eq!(outcomes[2]["result"], json!({ "root": { "uuid": stack[1] } }), "{outcomes:#?}");
        assert!(to.disk(stack[1]) == from.disk(vdis[0]), "another disk");
    }
}

#[test]
fn an_image_that_is_not_there_is_known_as_such() {
    let host = Host::new();
    for xapi in Xapi::for_each_client(&host) {
        for glance in Glance::all() {
            let (sr, stack) = (Sr::new(), some_uuids(1));
            let vdis = sr.chain(1);
            let missing = "3b0a1b1e-0000-4000-8000-00000000dead";
            let active = glance.create_with(b"something");
            let here = glance.endpoint.as_str();
            let outcomes = xapi.calls(&json!([
                upload(glance, missing, &sr, &vdis, &[here, here]),
                upload(glance, &active, &sr, &vdis, &[here, here]),
                download(glance, missing, &sr, &stack, &[here, here]),
            ]));
            let attempts = |index: usize| outcomes[index]["attempts"].as_array().unwrap().len();
            // Uploads are not tried again; a download is, since another server may know better.
            assert_eq!((&outcomes[0]["raised"], attempts(0)), (&json!("PluginImageNotFound"), 1));
            assert_eq!((&outcomes[1]["details"][2], attempts(1)), (&json!("PluginError"), 1));
            assert_eq!((&outcomes[2]["raised"], attempts(2)), (&json!("PluginRetriesExceeded"), 2));
        }
    }
}

#[test]
fn other_plugins_answer_the_same_client() {
    let host = Host::new();
    for xapi in Xapi::for_each_client(&host) {
        let (sr, stack) = (Sr::new(), some_uuids(3));
        let vdis = sr.chain(3);
        let arguments = json!({ "sr_path": sr.text(), "vdi_uuids": vdis, "uuid_stack": stack });
        assert_eq!(
            xapi.call("disk_management.safe_copy_vdis", &arguments),
            json!({ "root": { "uuid": stack[2] } })
        );
        assert!(sr.disk(stack[2]) == sr.disk(vdis[0]), "another disk");
        // A plain function, as nova asks before it attaches a disk twice.
        assert_eq!(xapi.call("session.is_xsm_sr_check_relaxed", &json!({})), true);
        // Where the stack is too short there is no second attempt, and the client can read why.
        let arguments = json!({ "sr_path": sr.text(), "vdi_uuids": vdis, "uuid_stack": some_uuids(1) });
        let call = json!([{ "function": "disk_management.safe_copy_vdis", "arguments": arguments }]);
        assert_eq!(xapi.calls(&call)[0]["details"][2], "IndexError");
    }
}
