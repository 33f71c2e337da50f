//! `porter`: our own functions, in pickles and in JSON.

use std::fs::{self, File};
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use vhd_porter::vhd::Image;
use vhd_porter::wire::xmlrpc::Answer;

use crate::calls::{in_every_way, in_json};
use crate::host::{Host, xml};
use crate::repository::{Sr, disk, some_uuids};

/// A real image of three links; and, as its description has it, the SHA-256 of the guest's disk.
fn image() -> (String, String) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/oracle");
    let about = File::open(fixtures.join("diff3-chain.json")).unwrap();
    let about: Value = serde_json::from_reader(about).unwrap();
    let image = fixtures.join("diff3-chain.tar.gz");
    (image.to_str().unwrap().to_owned(), about["links"][0]["raw"]["sha256"].as_str().unwrap().to_owned())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_client_imports_an_image() {
    let (host, sr, (image, sha)) = (Host::new(), Sr::new(), image());
    in_every_way(
        &host,
        "porter",
        "import_image",
        || {
            let stack = some_uuids(3);
            let arguments =
                vec![("image", json!(image)), ("sr_path", json!(sr.text())), ("uuid_stack", json!(stack))];
            (arguments, stack)
        },
        |stack, result| {
            assert_eq!(result["root"], json!({ "uuid": stack[2] }));
            let [leaf, middle, base] = [&result["chain"][0], &result["chain"][1], &result["chain"][2]];
            assert_eq!((&leaf["parent"], &middle["parent"]), (&json!(stack[1]), &json!(stack[0])));
            assert_eq!(
                (&base["uuid"], &base["parent"], &base["hidden"]),
                (&json!(stack[0]), &json!(null), &json!(true))
            );
            assert_eq!(result["bytes_read"], json!(fs::metadata(&image).unwrap().len()));
            assert_eq!(result["sha256"], json!(sha256(&fs::read(&image).unwrap())));
            assert_eq!(sha256(&sr.disk(stack[2])), sha);
            stack.iter().for_each(|uuid| fs::remove_file(sr.file(*uuid)).unwrap());
        },
    );
    assert_eq!(sr.content().len(), 0);
}

#[test]
fn every_client_exports_and_copies_a_chain() {
    let (host, sr, out) = (Host::new(), Sr::new(), TempDir::new().unwrap());
    let chain = sr.chain(3);
    let (before, expected) = (sr.content(), sr.disk(chain[0]));
    let mut number = 0;
    in_every_way(
        &host,
        "porter",
        "export_image",
        || {
            number += 1;
            let file = out.path().join(format!("{number}.tar.gz"));
            let arguments = vec![
                ("sr_path", json!(sr.text())),
                ("vdi_uuids", json!(chain)),
                ("file", json!(file)),
                ("level", json!(1)),
            ];
            (arguments, file)
        },
        |file, result| {
            assert_eq!(result["vdis"], json!(chain));
            assert_eq!(result["sha256"], json!(sha256(&fs::read(&file).unwrap())));
            let unpacked = TempDir::new().unwrap();
            let archive = GzDecoder::new(File::open(&file).unwrap());
            tar::Archive::new(archive).unpack(unpacked.path()).unwrap();
            let open = |name| Image::open(File::open(unpacked.path().join(name)).unwrap()).unwrap();
            assert!(disk(["0.vhd", "1.vhd", "2.vhd"].map(open).into()) == expected, "another disk");
        },
    );
    assert_eq!(sr.content(), before, "an export changes nothing");
    in_every_way(
        &host,
        "porter",
        "copy",
        || {
            let stack = some_uuids(3);
            let arguments = vec![
                ("sr_path", json!(sr.text())),
                ("vdi_uuids", json!(chain)),
                ("uuid_stack", json!(stack)),
            ];
            (arguments, stack)
        },
        |stack, result| {
            assert_eq!(
                (&result["root"]["uuid"], &result["chain"][2]["uuid"]),
                (&json!(stack[2]), &json!(stack[0]))
            );
            assert!(sr.disk(stack[2]) == expected, "another disk");
            stack.iter().for_each(|uuid| fs::remove_file(sr.file(*uuid)).unwrap());
        },
    );
    assert_eq!(sr.content(), before, "a copy changes nothing else");
}

#[test]
fn images_of_zstd_go_out_and_come_in_with_the_digests_that_were_asked_for() {
    let (host, sr, out) = (Host::new(), Sr::new(), TempDir::new().unwrap());
    let (chain, file) = (sr.chain(2), out.path().join("image"));
    let digests = json!(["sha512", "md5"]);
    let export = json!({ "sr_path": sr.text(), "vdi_uuids": chain, "file": file, "compress": "zstd",
        "level": 19, "digests": digests });
    let exported = in_json(&host, "porter", "export_image", &export);
    assert!(fs::read(&file).unwrap().starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
    let stack = some_uuids(2);
    let import = json!({ "image": file, "sr_path": sr.text(), "uuid_stack": stack, "digests": digests });
    let imported = in_json(&host, "porter", "import_image", &import);
    assert!(sr.disk(stack[1]) == sr.disk(chain[0]), "another disk");
    for result in [&exported, &imported] {
        let lengths = ["md5", "sha256", "sha512"].map(|name| result[name].as_str().map(str::len));
        assert_eq!(lengths, [Some(32), None, Some(128)], "{result}");
    }
    assert_eq!((&exported["md5"], &exported["sha512"]), (&imported["md5"], &imported["sha512"]));
}

#[test]
fn every_client_checks_and_inspects() {
    let (host, sr) = (Host::new(), Sr::new());
    let chain = sr.chain(2);
    let (image, _) = image();
    let path = |path: &str| (vec![("path", json!(path))], ());
    let leaf = sr.file(chain[0]);
    in_every_way(
        &host,
        "porter",
        "check",
        || path(sr.text()),
        |(), result| {
            assert_eq!((&result["checked"], &result["findings"]), (&json!(2), &json!(0)));
        },
    );
    in_every_way(
        &host,
        "porter",
        "inspect",
        || path(leaf.to_str().unwrap()),
        |(), result| {
            assert_eq!((&result["type"], &result["kind"]), (&json!("image"), &json!("differencing")));
            assert_eq!(
                (&result["virtual_size"], &result["parent_name"]),
                (&json!(4 << 20), &json!(format!("{}.vhd", chain[1])))
            );
        },
    );
    let inspect = |path: &str| in_json(&host, "porter", "inspect", &json!({ "path": path }));
    assert_eq!(inspect(&image)["members"].as_array().unwrap().len(), 3);
    assert_eq!(inspect(sr.text())["type"], json!("repository"));
    // What is wrong is the result of a check, not its failure.
    fs::write(sr.path().join("stray.vhd"), "no VHD").unwrap();
    let result = in_json(&host, "porter", "check", &json!({ "path": sr.text() }));
    let rules =
        result["files"].as_array().unwrap().iter().flat_map(|file| file["findings"].as_array().unwrap());
    let rules: Vec<&str> = rules.map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["too-short", "file-name"]);
}

#[test]
fn an_import_for_trial_leaves_nothing() {
    let (host, sr, (image, _)) = (Host::new(), Sr::new(), image());
    let document = json!({ "image": image, "sr_path": sr.text(), "dry_run": true });
    let result = in_json(&host, "porter", "import_image", &document);
    assert_eq!((&result["dry_run"], result["chain"].as_array().unwrap().len()), (&json!(true), 3));
    assert_eq!(sr.content().len(), 0);
}

#[test]
fn the_stages_are_in_the_log() {
    let (host, sr, (image, _)) = (Host::new(), Sr::new(), image());
    let document = json!({ "image": image, "sr_path": sr.text() }).to_string();
    let outcome = host.run(host.command("porter").arg(xml("import_image", &[("json", &document)])));
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""));
    assert!(matches!(Answer::read(outcome.stdout.as_bytes()).unwrap(), Answer::Success(_)));
    let mut lines = outcome.log.iter();
    for said in ["called", "unpacking", "relinking and checking", "imported", "moving into the SR", "done"] {
        let line = lines.find(|line| line.contains(said));
        assert!(line.is_some_and(|line| line.starts_with("<14>porter[")), "{said} in {:#?}", outcome.log);
    }
    // A failure is told once, as an error.
    let outcome =
        host.run(host.command("porter").arg(xml("inspect", &[("json", "{\"path\": \"/missing\"}")])));
    let errors: Vec<_> = outcome.log.iter().filter(|line| line.starts_with("<11>porter[")).collect();
    assert!(errors.len() == 1 && errors[0].contains("OSError: opening /missing"), "{:#?}", outcome.log);
}
