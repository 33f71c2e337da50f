//! VDIs become images of a real Glance.

use std::io::Write as _;

use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use vhd_porter::config::Settings;
use vhd_porter::http::{Client, Headers};
use vhd_porter::transport::glance::{ApiVersion, Image, Upload};

use crate::glance::Glance;
use crate::host::Host;
use crate::plugin::{changed, failure, headers, result};
use crate::repository::{Sr, some_uuids};

/// A call that uploads a chain of three.
fn call(glance: &Glance, sr: &Sr) -> (String, Value) {
    let image = glance.create();
    let arguments = json!({
        "vdi_uuids": sr.chain(3), "image_id": image, "endpoint": glance.endpoint, "sr_path": sr.text(),
        "extra_headers": headers(), "properties": {}, "api_version": glance.version,
    });
    (image, arguments)
}

#[test]
fn an_image_that_waits_gets_the_chain_and_what_is_said_of_it() {
    let (host, sr) = (Host::new(), Sr::new());
    for glance in Glance::all() {
        let (image, arguments) = call(glance, &sr);
        let properties = json!({ "os_type": "linux", "auto_disk_config": true, "count": 3 });
        let arguments = changed(&arguments, &json!({ "properties": properties }));
        assert_eq!(result(&host, "upload_vhd2", &arguments), Value::Null);
        let (facts, data) = (glance.image(&image), glance.data(&image).unwrap());
        let md5: String = Md5::digest(&data).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&facts["status"], &facts["checksum"]), (&json!("active"), &json!(md5)));
        assert_eq!((&facts["disk_format"], &facts["container_format"]), (&json!("vhd"), &json!("ovf")));
        // Version 1 gives hyphens in the names of headers back as underscores.
        let names = match glance.version {
            1 => ["os_type", "auto_disk_config", "count", "kept"],
            _ => ["os-type", "auto-disk-config", "count", "kept"],
        };
        assert_eq!(names.map(|name| facts[name].as_str().unwrap()), ["linux", "True", "3", "1"]);
        // The data is what an import takes, and the same disk.
        let copy = Sr::new();
        let stack = some_uuids(3);
        let download = json!({
            "image_id": image, "endpoint": glance.endpoint, "uuid_stack": stack, "sr_path": copy.text(),
            "extra_headers": headers(), "api_version": glance.version,
        });
        assert_eq!(result(&host, "download_vhd2", &download), json!({ "root": { "uuid": stack[2] } }));
        let leaf = arguments["vdi_uuids"][0].as_str().unwrap().parse().unwrap();
        assert!(copy.disk(stack[2]) == sr.disk(leaf), "another disk");
    }
}

#[test]
fn version_1_is_the_default_and_older_clients_name_a_host() {
    let (host, sr) = (Host::new(), Sr::new());
    let Some(glance) = Glance::all().find(|glance| glance.version == 1) else { return };
    let (image, arguments) = call(glance, &sr);
    result(&host, "upload_vhd2", &changed(&arguments, &json!({ "api_version": null })));
    assert_eq!(glance.image(&image)["status"], "active");
    let (image, arguments) = call(glance, &sr);
    let (name, port) = glance.endpoint.strip_prefix("http://").unwrap().split_once(':').unwrap();
    let port: u64 = port.parse().unwrap();
    let older = json!({
        "endpoint": null, "api_version": null, "glance_host": name, "glance_port": port, "glance_use_ssl": false,
    });
    result(&host, "upload_vhd", &changed(&arguments, &older));
    assert_eq!(glance.image(&image)["status"], "active");
}

#[test]
fn the_level_is_that_of_the_property() {
    let (host, sr) = (Host::new(), Sr::new());
    let Some(glance) = Glance::v2() else { return };
    let level = |level: Value| json!({ "properties": { "xenapi_image_compression_level": level } });
    // Where gzip says how hard it tried: RFC 1952, 2.3.1, XFL.
    for (asked, xfl) in [(json!(9), 2), (json!("1"), 4)] {
        let (image, arguments) = call(glance, &sr);
        result(&host, "upload_vhd2", &changed(&arguments, &level(asked)));
        assert_eq!(glance.data(&image).unwrap()[8], xfl);
    }
    for asked in [json!(0), json!(10), json!("fast"), json!(true)] {
        let (image, arguments) = call(glance, &sr);
        let (class, message) = failure(&host, "upload_vhd2", &changed(&arguments, &level(asked)));
        assert_eq!(class, "ArgumentError");
        assert!(message.contains("xenapi_image_compression_level: expected 1 to 9, found"), "{message}");
        assert_eq!(glance.image(&image)["status"], "queued");
    }
}

#[test]
fn what_cannot_be_uploaded_changes_nothing() {
    let (host, sr) = (Host::new(), Sr::new());
    for glance in Glance::all() {
        let (image, arguments) = call(glance, &sr);
        let active = glance.create_with(b"something");
        let content = sr.content();
        for (change, class, message) in [
            (json!({ "image_id": "3b0a1b1e-0000-4000-8000-00000000dead" }), "Failure", "ImageNotFound"),
            (json!({ "image_id": active }), "PluginError", "expected status queued, found active"),
            (json!({ "image_id": "../images" }), "ArgumentError", "image id: expected letters"),
            (json!({ "endpoint": "ftp://h" }), "ArgumentError", "expected http"),
            (json!({ "api_version": 3 }), "ArgumentError", "API version: expected 1 or 2"),
            (json!({ "extra_headers": { "a": "b\r\nc: d" } }), "ArgumentError", "control character"),
            (
                json!({ "extra_headers": { "a": [] } }),
                "ArgumentError",
                "expected a text or an integer, found list",
            ),
            (json!({ "vdi_uuids": some_uuids(1) }), "OSError", "is not in "),
            (json!({ "vdi_uuids": [] }), "ArgumentError", "at least one"),
            (json!({ "vdi_uuids": "" }), "ArgumentError", "a list of nothing but texts"),
            (json!({ "sr_path": "/tmp/nonexistent" }), "OSError", "/tmp/nonexistent"),
            (json!({ "sr_path": "/etc" }), "ArgumentError", "sr_path"),
            (json!({ "endpoint": "http://127.0.0.1:1" }), "RetryableError", "127.0.0.1:1"),
        ] {
            let (found, said) = failure(&host, "upload_vhd2", &changed(&arguments, &change));
            assert_eq!(found, class, "{change}: {said}");
            assert!(said.contains(message), "{change}: {said}");
        }
        assert_eq!(glance.image(&image)["status"], "queued");
        assert_eq!(sr.content(), content);
    }
}

/// Begins to upload to an image that waits for data.
fn begin(glance: &Glance, id: &str) -> Upload {
    let client = Client::new(&Settings::default()).unwrap();
    let version: ApiVersion = glance.version.to_string().parse().unwrap();
    Upload::begin(Image::new(client, &glance.endpoint, id, version, Headers::new()).unwrap(), &[]).unwrap()
}

#[test]
fn the_first_of_two_uploads_wins_and_the_other_learns_why() {
    for glance in Glance::all() {
        let id = glance.create();
        let (mut first, mut second) = (begin(glance, &id), begin(glance, &id));
        // Bytes that differ, in more pieces than wait at once.
        let bytes: Vec<u8> = (0..9_000_000_u32).flat_map(u32::to_le_bytes).step_by(3).collect();
        bytes.chunks(300_000).for_each(|piece| first.write_all(piece).unwrap());
        first.commit().unwrap();
        assert!(glance.data(&id).unwrap() == bytes, "other bytes");
        // It may be refused at once or when it is done.
        let refused = match second.write_all(&bytes[..1 << 20]) {
            Ok(()) => second.commit().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        // Version 1 is told that the image is queued, which it is no more.
        let status = if glance.version == 1 { "status 403" } else { "status 409" };
        assert!(refused.contains(status), "{refused}");
        assert!(glance.data(&id).unwrap() == bytes, "other bytes");
        assert_eq!(glance.image(&id)["status"], "active");
    }
}

#[test]
fn an_upload_that_is_given_up_leaves_no_data() {
    for glance in Glance::all() {
        let id = glance.create();
        let mut upload = begin(glance, &id);
        upload.write_all(&vec![7; 3 << 20]).unwrap();
        drop(upload);
        let status = settled(glance, &id);
        assert_ne!(status, "active", "half an image");
        assert_eq!(glance.data(&id), None);
        // Version 1 kills an image whose upload broke off; version 2 takes another.
        assert_eq!(status, if glance.version == 1 { "killed" } else { "queued" });
    }
}

/// The status of an image once the server has noticed that nothing more comes.
fn settled(glance: &Glance, id: &str) -> String {
    for _ in 0..600 {
        let status = glance.image(id)["status"].as_str().unwrap().to_owned();
        if status != "saving" {
            return status;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{id} stays in status saving");
}
