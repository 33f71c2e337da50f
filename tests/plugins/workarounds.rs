//! `workarounds.safe_copy_vdis`: a chain copied within its SR.

use serde_json::json;

use crate::calls::in_every_way;
use crate::host::Host;
use crate::repository::{Sr, some_uuids};

#[test]
fn every_client_copies_a_chain() {
    let (host, sr) = (Host::new(), Sr::new());
    let chain = sr.chain(3);
    let (before, disk) = (sr.content(), sr.disk(chain[0]));
    in_every_way(
        &host,
        "workarounds",
        "safe_copy_vdis",
        || {
            // One uuid more than is needed: they are taken from the end.
            let stack = some_uuids(4);
            let arguments = vec![
                ("sr_path", json!(sr.text())),
                ("vdi_uuids", json!(chain)),
                ("uuid_stack", json!(stack)),
            ];
            (arguments, stack)
        },
        |stack, result| {
            assert_eq!(*result, json!({ "root": { "uuid": stack[3] } }));
            assert!(sr.disk(stack[3]) == disk, "another disk");
            assert!(!sr.file(stack[0]).exists(), "the first uuid is one too many");
            stack[1..].iter().for_each(|copy| std::fs::remove_file(sr.file(*copy)).unwrap());
        },
    );
    assert_eq!(sr.content(), before, "the copies are gone, and nothing else has changed");
}
