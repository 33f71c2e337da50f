//! Calls that are made again because their answers were lost: the same answer, from the receipt.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use vhd_porter::os::{Dir, Lock};
use vhd_porter::wire::xmlrpc::Answer;

use crate::calls::in_json;
use crate::host::{Host, xml};
use crate::repository::{Sr, make_chain, some_uuids};

/// A copy of an image that a test may change or remove.
fn image(dir: &TempDir, fixture: &str) -> PathBuf {
    let to = dir.path().join("image.tar.gz");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/oracle").join(fixture);
    fs::copy(from, &to).unwrap();
    to
}

fn import(host: &Host, image: &Path, sr: &Sr, stack: &[Uuid]) -> Value {
    let document = json!({ "image": image, "sr_path": sr.text(), "uuid_stack": stack });
    match host.call("porter", xml("import_image", &[("json", &document.to_string())])) {
        Answer::Success(text) => serde_json::from_str(&text).unwrap(),
        Answer::Failure(items) => json!(items[2]),
    }
}

#[test]
fn an_import_made_again_has_the_same_answer() {
    let (host, sr, dir, stack) = (Host::new(), Sr::new(), TempDir::new().unwrap(), some_uuids(3));
    let image = image(&dir, "diff3-chain.tar.gz");
    let first = import(&host, &image, &sr, &stack);
    assert_eq!(first["root"]["uuid"], json!(stack[2]));
    let (landed, disk) = (sr.content(), sr.disk(stack[2]));
    assert_eq!(import(&host, &image, &sr, &stack), first);
    // What a caller removes once it has an answer may be gone when it comes for one that was lost.
    fs::remove_file(&image).unwrap();
    assert_eq!(import(&host, &image, &sr, &stack), first);
    assert_eq!(sr.content(), landed);
    assert!(sr.disk(stack[2]) == disk);
}

#[test]
fn another_call_has_not_been_done_before() {
    let (host, dir, stack) = (Host::new(), TempDir::new().unwrap(), some_uuids(3));
    type Change = fn(&Host, &Path, &Sr, &[Uuid]) -> Value;
    let cases: [(&str, Change); 5] = [
        ("another image in the same file", |host, image, sr, stack| {
            let changed = fs::read(image).unwrap();
            fs::write(image, changed).unwrap();
            import(host, image, sr, stack)
        }),
        ("another file", |host, image, sr, stack| {
            let other = image.with_file_name("other.tar.gz");
            fs::copy(image, &other).unwrap();
            import(host, &other, sr, stack)
        }),
        ("a uuid more", |host, image, sr, stack| import(host, image, sr, &[&some_uuids(1), stack].concat())),
        ("other options", |host, image, sr, stack| {
            let document =
                json!({ "image": image, "sr_path": sr.text(), "uuid_stack": stack, "flatten": true });
            let call = xml("import_image", &[("json", &document.to_string())]);
            json!(host.failure("porter", call).0)
        }),
        ("only for trial", |host, image, sr, stack| {
            let document =
                json!({ "image": image, "sr_path": sr.text(), "uuid_stack": stack, "dry_run": true });
            let call = xml("import_image", &[("json", &document.to_string())]);
            json!(host.failure("porter", call).0)
        }),
    ];
    for (name, change) in cases {
        let sr = Sr::new();
        let image = image(&dir, "diff3-chain.tar.gz");
        import(&host, &image, &sr, &stack);
        let landed = sr.content();
        assert_eq!(change(&host, &image, &sr, &stack), "PluginError", "{name}");
        assert_eq!(sr.content(), landed, "{name}");
    }
}

#[test]
fn a_receipt_counts_for_what_is_in_its_own_sr() {
    let (host, dir, stack) = (Host::new(), TempDir::new().unwrap(), some_uuids(3));
    let image = image(&dir, "diff3-chain.tar.gz");
    let [one, other] = [Sr::new(), Sr::new()];
    let first = import(&host, &image, &one, &stack);
    assert_eq!(import(&host, &image, &other, &stack), first);
    assert!(other.disk(stack[2]) == one.disk(stack[2]), "it came in there as well");
    // The VDI was destroyed: the call brings it in again.
    stack.iter().for_each(|uuid| fs::remove_file(other.file(*uuid)).unwrap());
    assert_eq!(import(&host, &image, &other, &stack), first);
    assert!(other.disk(stack[2]) == one.disk(stack[2]));
    // The storage manager has folded the leaf into its parent, and that has its name now.
    fs::rename(other.file(stack[1]), other.file(stack[2])).unwrap();
    assert_eq!(import(&host, &image, &other, &stack), first);
    // Something else has its name since.
    fs::remove_file(other.file(stack[2])).unwrap();
    make_chain(other.path(), &[format!("{}.vhd", stack[2])]);
    assert_eq!(import(&host, &image, &other, &stack), "PluginError");
}

#[test]
fn without_receipts_a_call_made_again_is_refused() {
    for state in ["none", "damaged", "old"] {
        let (mut host, sr, dir, stack) = (Host::new(), Sr::new(), TempDir::new().unwrap(), some_uuids(3));
        let image = image(&dir, "diff3-chain.tar.gz");
        if state == "none" {
            host.set("VHD_PORTER_STATE", "/dev/null/none");
        }
        import(&host, &image, &sr, &stack);
        for receipt in fs::read_dir(host.path("state/receipts")).into_iter().flatten() {
            let path = receipt.unwrap().path();
            if state == "damaged" {
                fs::write(&path, "{").unwrap();
            } else {
                let two_days_ago =
                    std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 24 * 3600);
                fs::File::open(&path).unwrap().set_modified(two_days_ago).unwrap();
                // Whichever call comes next removes it.
                import(&host, &image, &sr, &some_uuids(3));
                assert!(!path.exists());
            }
        }
        assert_eq!(import(&host, &image, &sr, &stack), "PluginError", "{state}");
    }
}

#[test]
fn a_copy_made_again_has_the_same_answer() {
    let (host, sr, stack) = (Host::new(), Sr::new(), some_uuids(3));
    let chain = sr.chain(3);
    let copy = |plugin: &str, function: &'static str, stack: &[Uuid]| {
        let document = json!({ "sr_path": sr.text(), "vdi_uuids": chain, "uuid_stack": stack });
        in_json(&host, plugin, function, &document)
    };
    let first = copy("workarounds", "safe_copy_vdis", &stack);
    let landed = sr.content();
    assert_eq!(copy("workarounds", "safe_copy_vdis", &stack), first);
    assert_eq!(copy("porter", "copy", &stack)["root"], first["root"], "it is the same work");
    assert_eq!(sr.content(), landed);
    // The original may be gone by then.
    fs::remove_file(sr.file(chain[0])).unwrap();
    assert_eq!(copy("workarounds", "safe_copy_vdis", &stack), first);
}

#[test]
fn a_move_made_again_has_the_same_answer_and_removes_what_it_brought_in_only() {
    let (mut host, sr, images, stack) = (Host::new(), Sr::new(), TempDir::new().unwrap(), some_uuids(2));
    host.set("VHD_PORTER_IMAGES", images.path());
    let instance = Uuid::new_v4();
    let directory = images.path().join(format!("instance{instance}"));
    let document = json!({ "instance_uuid": instance, "sr_path": sr.text(), "uuid_stack": stack });
    let call = xml("move_vhds_into_sr", &[("json", &document.to_string())]);
    fs::create_dir(&directory).unwrap();
    make_chain(&directory, &["0.vhd", "1.vhd"]);
    // What a run leaves that dies between landing and removing: some of the files.
    let kept = images.path().join("kept");
    fs::hard_link(directory.join("1.vhd"), &kept).unwrap();
    let first = in_json(&host, "migration", "move_vhds_into_sr", &document);
    assert!(!directory.exists());
    let landed = sr.content();
    let again = || in_json(&host, "migration", "move_vhds_into_sr", &document);
    assert_eq!(again(), first, "its directory is gone");
    fs::create_dir(&directory).unwrap();
    fs::rename(&kept, directory.join("1.vhd")).unwrap();
    assert_eq!(again(), first);
    assert!(!directory.exists(), "the rest is removed");
    // A directory with anything else in it is another migration's: it is not taken for the one that was done.
    fs::create_dir(&directory).unwrap();
    let disk = make_chain(&directory, &["0.vhd", "1.vhd"]);
    assert_eq!(host.failure("migration", &call).0, "PluginError");
    assert!(directory.join("0.vhd").exists() && !disk.is_empty());
    assert_eq!(sr.content(), landed);
}

#[test]
fn a_busy_storage_manager_is_worth_another_try() {
    let (mut host, parent, dir) = (Host::new(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (sr, image) = (parent.path().join(Uuid::new_v4().to_string()), image(&dir, "diff3-chain.tar.gz"));
    let locks = host.path("locks").join(sr.file_name().unwrap());
    fs::create_dir_all(&locks).unwrap();
    fs::create_dir(&sr).unwrap();
    host.set("VHD_PORTER_SR_LOCK_WAIT", "1");
    let held = Lock::try_take(&Dir::open(&locks).unwrap(), "sr").unwrap().unwrap();
    let document = json!({ "image": image, "sr_path": sr, "uuid_stack": some_uuids(3) });
    let call = || xml("import_image", &[("json", &document.to_string())]);
    let (class, message) = host.failure("porter", call());
    assert!(class == "RetryableError" && message.contains("try again later"), "{class}: {message}");
    assert_eq!(fs::read_dir(&sr).unwrap().count(), 0);
    drop(held);
    assert!(matches!(host.call("porter", call()), Answer::Success(_)));
}
