//! `bandwidth`: the kernel's counters, and those of this machine.

use std::fs;

use serde_json::json;

use super::case::{failure, pickled, run, value};
use super::stage::{Call, Stage};

const COUNTERS: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1420    20    0    0    0     0          0         0     1420    20    0    0    0     0       0          0
xenbr0: 99999   20    0    0    0     0          0         0     8888    20    0    0    0     0       0          0
vif12.0:10000   20    0    0    0     0          0         0     4294967299   20    0    0    0     0       0          0
vif12.1: 1       20    0    0    0     0          0         0     2       20    0    0    0     0       0          0
 vif7.0: 3       20    0    0    0     0          0         0     4       20    0    0    0     0       0          0
";

fn stage() -> Stage {
    let stage = Stage::new(|_, _, _| ());
    fs::write(stage.host.path("counters"), COUNTERS).unwrap();
    stage
}

#[test]
fn counters_are_told_as_the_guests_see_them() {
    let counters = json!({
        "12": { "0": { "bw_in": 4_294_967_299_u64, "bw_out": 10_000 }, "1": { "bw_in": 2, "bw_out": 1 } },
        "7": { "0": { "bw_in": 4, "bw_out": 3 } },
    });
    run("bandwidth.py", stage, &[pickled("fetch_all_bandwidth", json!([]), value(counters))]);
}

#[test]
fn counters_that_cannot_be_read_are_no_counters() {
    let no_file = || {
        let stage = stage();
        fs::remove_file(stage.host.path("counters")).unwrap();
        stage
    };
    run(
        "bandwidth.py",
        no_file,
        &[pickled("fetch_all_bandwidth", json!([]), failure("OSError", "No such file or directory"))
            .originally(failure("IOError", "No such file or directory"), "Python 3 calls it OSError")],
    );
    let stage = stage();
    fs::write(stage.host.path("counters"), "\n\nvif1.0: 1 2 3\n").unwrap();
    let (class, message) =
        stage.call("bandwidth.py", "fetch_all_bandwidth", &Call::Pickled(json!([]))).unwrap_err();
    assert_eq!(class, "PluginError");
    assert!(message.contains("expected 16 numbers"), "{message}");
}

#[test]
fn the_counters_of_this_machine_can_be_read() {
    let mut stage = stage();
    stage.host.set("VHD_PORTER_BANDWIDTH_COUNTERS", "/proc/net/dev");
    let counters = stage.call("bandwidth.py", "fetch_all_bandwidth", &Call::Pickled(json!([]))).unwrap();
    assert!(counters.is_object(), "{counters}");
}
